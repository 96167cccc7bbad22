#include "client/pdf/mention.h"

#include "client/pdf/buffer.h"
#include "client/pdf/reader.h"
#include "client/pdf/syntax.h"

/* Some viewers go no deeper. */
enum { DEPTH_MAX = 48 };

struct level {
    size_t path; /* its length without what stands in this dictionary or list */
    bool is_list;
};

struct scan {
    struct slice text;      /* borrowed */
    struct pdf_buffer path; /* owned */
    struct level levels[DEPTH_MAX];
    size_t depth;
    struct slice words[2]; /* the last two, the newer one last */
    bool valued;           /* the key has its value: a name is the next key */
    mention_take take;
    void *context;
};

static void fini(struct scan *scan)
{
    pdf_buffer_fini(&scan->path);
}

static void forget_words(struct scan *scan)
{
    scan->words[0] = scan->words[1] = slice_of(NULL, 0);
}

/* --- Dictionaries and lists -------------------------------------------------------- */

static bool open_level(struct scan *scan, bool is_list)
{
    if (scan->depth + 1 == DEPTH_MAX) {
        return false;
    }
    if (is_list) {
        pdf_buffer_put(&scan->path, "[", 1);
    }
    scan->levels[++scan->depth] = (struct level){scan->path.len, is_list};
    scan->valued = true;
    return !scan->path.failed;
}

static bool close_level(struct scan *scan, bool is_list)
{
    const struct level *level = &scan->levels[scan->depth];

    if (scan->depth == 0 || level->is_list != is_list) {
        return false;
    }
    scan->path.len = level->path - (is_list ? 1 : 0);
    scan->depth--;
    scan->valued = true;
    return true;
}

/* A name is a key where one is due, and a value elsewhere. */
static void take_name(struct scan *scan, struct slice name)
{
    const struct level *level = &scan->levels[scan->depth];

    if (scan->depth == 0 || level->is_list || !scan->valued) {
        scan->valued = true;
        return;
    }
    scan->path.len = level->path;
    pdf_buffer_put(&scan->path, name.data, name.len);
    scan->valued = false;
}

/* --- Words ------------------------------------------------------------------------- */

static bool looks_like_number(struct slice word)
{
    return word.len > 0 && strchr("0123456789+-.", word.data[0]) != NULL;
}

/* false: not one that every viewer reads alike. */
static bool read_number(struct slice word, int max, int *value)
{
    *value = 0;
    for (size_t i = 0; i < word.len; i++) {
        if (word.data[i] < '0' || word.data[i] > '9' || *value > max) {
            return false;
        }
        *value = *value * 10 + (word.data[i] - '0');
    }
    return *value <= max;
}

static void put_word(struct scan *scan, struct slice word)
{
    pdf_buffer_put(&scan->path, " ", 1);
    pdf_buffer_put(&scan->path, word.data, word.len);
}

/* The path has it already; len: without it. */
static bool give(struct scan *scan, struct mention *mention, size_t len)
{
    mention->path = pdf_buffer_slice(&scan->path);
    bool good = !scan->path.failed && scan->take(scan->context, mention);
    scan->path.len = len;
    return good;
}

static bool give_reference(struct scan *scan)
{
    struct mention mention = {.number = 0};
    size_t len = scan->path.len;

    put_word(scan, scan->words[0]);
    put_word(scan, scan->words[1]);
    if (!read_number(scan->words[0], PDF_OBJECT_MAX, &mention.number) ||
        !read_number(scan->words[1], UINT16_MAX, &mention.generation)) {
        mention.number = mention.generation = 0;
    }
    return give(scan, &mention, len);
}

/* In a list it is not left out. */
static bool give_null(struct scan *scan, struct slice word)
{
    struct mention mention = {.number = 0};
    size_t len = scan->path.len;

    if (scan->depth == 0 || scan->levels[scan->depth].is_list) {
        return true;
    }
    put_word(scan, word);
    return give(scan, &mention, len);
}

static bool take_word(struct scan *scan, struct slice word)
{
    bool refers = slice_equal(word, slice_str("R")) &&
                  looks_like_number(scan->words[0]) && looks_like_number(scan->words[1]);

    if ((refers && !give_reference(scan)) ||
        (slice_equal(word, slice_str("null")) && !give_null(scan, word))) {
        return false;
    }
    scan->words[0] = refers ? slice_of(NULL, 0) : scan->words[1];
    scan->words[1] = refers ? slice_of(NULL, 0) : word;
    scan->valued = true;
    return true;
}

/* --- The text ---------------------------------------------------------------------- */

/* What is neither a name nor a word. false: it closes what is not open, or too much is.
 */
static bool take_other(struct scan *scan, size_t *at)
{
    struct slice text = scan->text;
    uint8_t byte = text.data[*at];
    bool twice = *at + 1 < text.len && text.data[*at + 1] == byte;

    if (byte == '%') {
        *at = syntax_skip_comment(text, *at);
        return true;
    }
    if (syntax_is_blank(byte)) {
        *at += 1;
        return true;
    }
    forget_words(scan);
    scan->valued = true;
    if (byte == '(') {
        *at = syntax_skip_string(text, *at);
        return true;
    }
    if (byte == '<' && !twice) {
        *at = syntax_skip_hex(text, *at);
        return true;
    }
    bool angle = (byte == '<' || byte == '>') && twice;
    *at += angle ? 2 : 1;
    if (byte == '<' || byte == '[') {
        return open_level(scan, byte == '[');
    }
    return (byte == ']' || angle) && close_level(scan, byte == ']');
}

static bool scan_all(struct scan *scan, size_t at)
{
    struct slice text = scan->text;

    while (at < text.len) {
        bool name = text.data[at] == '/';
        size_t end = syntax_skip_regular(text, at + (name ? 1 : 0));
        struct slice word = slice_of(text.data + at, end - at);
        if (!name && syntax_ends_object(word)) {
            return scan->depth == 0;
        }
        if (name) {
            forget_words(scan);
            take_name(scan, word);
        } else if (end == at ? !take_other(scan, &end) : !take_word(scan, word)) {
            return false;
        }
        at = end;
    }
    return scan->depth == 0 && !scan->path.failed;
}

bool mention_each(struct slice text, size_t at, mention_take take, void *context)
{
    AUTO(fini) struct scan scan = {.text = text, .take = take, .context = context};

    return scan_all(&scan, at);
}
