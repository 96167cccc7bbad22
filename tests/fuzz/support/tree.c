#include "tests/fuzz/support/tree.h"

#include "tests/fuzz/support/fuzz.h"

enum {
    NODES_MAX = 1024,
    OUTERMOST = NODES_MAX,
    BYTES_MAX = 1 << 16,
    HEADER_MAX = 6,
    CONSTRUCTED = 0x20,
    OCTET_STRING = 4
};

struct node {
    size_t parent; /* outermost ones are their own */
    size_t start;
    size_t content;
    size_t end;
};

static struct node nodes[NODES_MAX];
static size_t node_count;
static uint64_t randomness;

static size_t pick(size_t below)
{
    return (size_t)(fuzz_random(&randomness) >> 16) % below;
}

/* Tags of one byte, definite lengths of at most four: all that certificates have. */
static bool read_node(struct slice in, size_t at, size_t end, struct node *out)
{
    if (end - at < 2 || (in.data[at] & 0x1f) == 0x1f) {
        return false;
    }
    size_t len = in.data[at + 1];
    size_t more = len >= 0x80 ? len & 0x7f : 0;
    if (len >= 0x80 && (more == 0 || more > 4 || more > end - at - 2)) {
        return false;
    }
    for (size_t i = 0, big = 0; i < more; i++) {
        big = big << 8 | in.data[at + 2 + i];
        len = big;
    }
    out->start = at;
    out->content = at + 2 + more;
    out->end = out->content + len;
    return len <= end - out->content;
}

/* Whether the range is elements and nothing else; then they are kept. */
static bool read_row(struct slice in, size_t at, size_t end, size_t parent)
{
    size_t before = node_count;

    while (at < end) {
        struct node node;
        if (node_count == NODES_MAX || !read_node(in, at, end, &node)) {
            node_count = before;
            return false;
        }
        node.parent = parent == OUTERMOST ? node_count : parent;
        nodes[node_count++] = node;
        at = node.end;
    }
    return true;
}

/* Row by row. An octet string often holds DER, too. */
static bool read_all(struct slice in)
{
    node_count = 0;
    bool whole = read_row(in, 0, in.len, OUTERMOST);
    for (size_t i = 0; i < node_count; i++) {
        uint8_t tag = in.data[nodes[i].start];
        if ((tag & CONSTRUCTED) != 0 || tag == OCTET_STRING) {
            (void)read_row(in, nodes[i].content, nodes[i].end, i);
        }
    }
    return whole && node_count > 0;
}

static size_t write_header(uint8_t *out, uint8_t tag, size_t len)
{
    size_t at = 0;
    size_t more = len < 0x80 ? 0 : len < 0x100 ? 1 : len < 0x10000 ? 2 : 3;

    out[at++] = tag;
    out[at++] = (uint8_t)(more == 0 ? len : 0x80 | more);
    for (size_t i = more; i > 0; i--) {
        out[at++] = (uint8_t)(len >> (8 * (i - 1)));
    }
    return at;
}

/* A growing text of bytes; what does not fit is cut. */
struct text {
    uint8_t data[BYTES_MAX];
    size_t len;
};

static void add(struct text *text, const uint8_t *bytes, size_t len)
{
    len = len > BYTES_MAX - text->len ? BYTES_MAX - text->len : len;
    memcpy(text->data + text->len, bytes, len);
    text->len += len;
}

static void add_range(struct text *text, struct slice in, size_t from, size_t to)
{
    add(text, in.data + from, to - from);
}

static void change_content(struct text *out, struct slice in, const struct node *node)
{
    static uint8_t bytes[BYTES_MAX];
    uint8_t header[HEADER_MAX];
    size_t len = node->end - node->content;

    memcpy(bytes, in.data + node->content, len);
    len = LLVMFuzzerMutate(bytes, len, len + 32 < BYTES_MAX ? len + 32 : BYTES_MAX);
    add(out, header, write_header(header, in.data[node->start], len));
    add(out, bytes, len);
}

/* What stands in the node's place. */
static void edit(struct text *out, struct slice in, const struct node *node)
{
    const struct node *other = &nodes[pick(node_count)];

    switch (pick(8)) {
    case 0: /* left out */
        break;
    case 1:
        add_range(out, in, node->start, node->end);
        add_range(out, in, node->start, node->end);
        break;
    case 2:
        add_range(out, in, other->start, other->end);
        break;
    case 3:
        add_range(out, in, node->start, node->end);
        add_range(out, in, other->start, other->end);
        break;
    case 4: /* another tag */
        add_range(out, in, node->start, node->end);
        out->data[0] = pick(2) == 0 ? in.data[other->start] : (uint8_t)pick(256);
        break;
    default:
        change_content(out, in, node);
        break;
    }
}

/* All else around what now stands in the node's place. */
static void close_around(struct text *inner, struct slice in, size_t index)
{
    static struct text outer;
    uint8_t header[HEADER_MAX];

    while (nodes[index].parent != index) {
        const struct node *node = &nodes[index];
        const struct node *parent = &nodes[node->parent];
        size_t len =
            (node->start - parent->content) + inner->len + (parent->end - node->end);
        outer.len = 0;
        add(&outer, header, write_header(header, in.data[parent->start], len));
        add_range(&outer, in, parent->content, node->start);
        add(&outer, inner->data, inner->len);
        add_range(&outer, in, node->end, parent->end);
        memcpy(inner->data, outer.data, outer.len);
        inner->len = outer.len;
        index = node->parent;
    }
    outer.len = 0;
    add_range(&outer, in, 0, nodes[index].start);
    add(&outer, inner->data, inner->len);
    add_range(&outer, in, nodes[index].end, in.len);
    memcpy(inner->data, outer.data, outer.len);
    inner->len = outer.len;
}

size_t tree_mutate(uint8_t *data, size_t len, size_t cap, size_t head, unsigned seed)
{
    static struct text text;

    randomness = ((uint64_t)seed << 1 | 1) * UINT64_C(0x9e3779b97f4a7c15);
    if (len <= head || len > BYTES_MAX || pick(8) == 0) {
        return LLVMFuzzerMutate(data, len, cap);
    }
    struct slice in = slice_of(data + head, len - head);
    if (!read_all(in)) {
        return LLVMFuzzerMutate(data, len, cap);
    }
    size_t index = pick(node_count);
    text.len = 0;
    edit(&text, in, &nodes[index]);
    close_around(&text, in, index);
    if (text.len > cap - head) {
        return len;
    }
    memcpy(data + head, text.data, text.len);
    return head + text.len;
}
