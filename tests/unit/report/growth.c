#include "client/report/growth.h"

#include <criterion/criterion.h>

enum { MOST = 70 };

static struct tlog_hash leaf_of(uint64_t index)
{
    return tlog_leaf(slice_of(&index, sizeof(index)));
}

static void grow(struct tlog_frontier *tree, uint64_t until)
{
    while (tree->size < until) {
        struct tlog_hash leaf = leaf_of(tree->size);
        tlog_frontier_add(tree, &leaf);
    }
}

/* The proof from m to n, made while the leaves between them go by. */
static enum sg_status prove(uint64_t m, uint64_t n, struct tlog_path *path)
{
    static struct growth growth;
    struct tlog_frontier tree = {0};

    grow(&tree, m);
    growth_start(&growth, &tree);
    for (uint64_t i = m; i < n; i++) {
        struct tlog_hash leaf = leaf_of(i);
        growth_add(&growth, &leaf);
        tlog_frontier_add(&tree, &leaf);
    }
    struct tlog_head now = {n, tlog_frontier_root(&tree)};
    return growth_prove(&growth, &now, path);
}

Test(growth, every_pair_of_sizes_is_proven)
{
    struct tlog_frontier before = {0};

    for (uint64_t m = 0; m <= MOST; m++) {
        grow(&before, m);
        struct tlog_frontier after = before;
        for (uint64_t n = m; n <= MOST; n++) {
            struct tlog_path path;
            grow(&after, n);
            struct tlog_head old = {m, tlog_frontier_root(&before)};
            struct tlog_head now = {n, tlog_frontier_root(&after)};
            cr_assert_eq(prove(m, n, &path), SG_OK, "%d to %d", (int)m, (int)n);
            cr_assert_eq(tlog_consistency_check(&old, &now, &path), SG_OK, "%d to %d",
                         (int)m, (int)n);
        }
    }
}

Test(growth, another_root_has_no_proof)
{
    static struct growth growth;
    struct tlog_frontier tree = {0};
    struct tlog_path path;

    grow(&tree, 5);
    growth_start(&growth, &tree);
    for (uint64_t i = 5; i < 12; i++) {
        struct tlog_hash leaf = leaf_of(i);
        growth_add(&growth, &leaf);
        tlog_frontier_add(&tree, &leaf);
    }
    struct tlog_head now = {12, tlog_frontier_root(&tree)};
    now.root.bytes[0] ^= 1;
    cr_expect_eq(growth_prove(&growth, &now, &path), SG_INTERNAL);
    now.root.bytes[0] ^= 1;
    now.size = 13;
    cr_expect_eq(growth_prove(&growth, &now, &path), SG_INTERNAL);
}
