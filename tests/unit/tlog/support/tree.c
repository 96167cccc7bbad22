#include <criterion/criterion.h>
#include <stdio.h>

#include "proto/text.h"
#include "tests/unit/tlog/support/vectors.h"

static const struct {
    const char *bytes;
    size_t len;
} entries[] = {
    {"", 0},
    {"\x00", 1},
    {"\x10", 1},
    {"\x20\x21", 2},
    {"\x30\x31", 2},
    {"\x40\x41\x42\x43", 4},
    {"\x50\x51\x52\x53\x54\x55\x56\x57", 8},
    {"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f", 16},
};

struct slice vector_entry(unsigned index)
{
    return slice_of(entries[index].bytes, entries[index].len);
}

struct tlog_hash hash_from_hex(const char *hex)
{
    struct tlog_hash hash;
    size_t len = 0;

    cr_assert_eq(text_unhex(slice_str(hex), hash.bytes, sizeof(hash.bytes), &len), SG_OK);
    cr_assert_eq(len, sizeof(hash.bytes));
    return hash;
}

static enum sg_status fetch(void *context, unsigned level, uint64_t index,
                            struct tlog_hash *out)
{
    const struct test_tree *tree = (const struct test_tree *)context;
    struct tlog_frontier frontier = {0};
    uint64_t from = index << level;

    cr_assert_leq(from + ((uint64_t)1 << level), tree->size, "outside the tree");
    for (uint64_t i = 0; i < (uint64_t)1 << level; i++) {
        tlog_frontier_add(&frontier, &tree->leaf[from + i]);
    }
    *out = tlog_frontier_root(&frontier);
    return SG_OK;
}

void tree_make_small(struct test_tree *tree)
{
    tree->size = SG_COUNT(entries);
    tree->source = (struct tlog_source){fetch, tree};
    for (unsigned i = 0; i < SG_COUNT(entries); i++) {
        tree->leaf[i] = tlog_leaf(vector_entry(i));
    }
}

void tree_make_decimal(struct test_tree *tree, uint64_t size)
{
    tree->size = size;
    tree->source = (struct tlog_source){fetch, tree};
    for (uint64_t i = 0; i < size; i++) {
        char text[24];
        int len = snprintf(text, sizeof(text), "%llu", (unsigned long long)i);
        tree->leaf[i] = tlog_leaf(slice_of(text, (size_t)len));
    }
}

uint32_t test_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}
