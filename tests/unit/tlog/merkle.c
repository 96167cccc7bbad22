#include "proto/tlog/merkle.h"

#include <criterion/criterion.h>

#include "proto/tlog/b64.h"
#include "tests/unit/tlog/support/vectors.h"

struct root_vector {
    uint64_t size;
    const char *hex;
};

struct proof_vector {
    uint64_t a;
    uint64_t b;
    const char *hashes[4];
};

#define LEAF(n, hex)
#define ROOT(size, hex)
#define BIG_ROOT(size, hex)
#define INCLUSION(index, size, ...)
#define CONSISTENCY(before, now, ...)

#undef LEAF
#define LEAF(n, hex) {n, hex},
static const struct root_vector leaves[] = {
#include "tests/unit/tlog/support/vectors.def"
};
#undef LEAF
#define LEAF(n, hex)

#undef ROOT
#define ROOT(size, hex) {size, hex},
static const struct root_vector roots[] = {
#include "tests/unit/tlog/support/vectors.def"
};
#undef ROOT
#define ROOT(size, hex)

#undef BIG_ROOT
#define BIG_ROOT(size, hex) {size, hex},
static const struct root_vector big_roots[] = {
#include "tests/unit/tlog/support/vectors.def"
};
#undef BIG_ROOT
#define BIG_ROOT(size, hex)

#undef INCLUSION
#define INCLUSION(index, size, ...) {index, size, {__VA_ARGS__}},
static const struct proof_vector inclusions[] = {
#include "tests/unit/tlog/support/vectors.def"
};
#undef INCLUSION
#define INCLUSION(index, size, ...)

#undef CONSISTENCY
#define CONSISTENCY(before, now, ...) {before, now, {__VA_ARGS__}},
static const struct proof_vector consistencies[] = {
#include "tests/unit/tlog/support/vectors.def"
};

static struct tlog_path path_of(const struct proof_vector *vector)
{
    struct tlog_path path = {0};

    for (size_t i = 0; i < SG_COUNT(vector->hashes); i++) {
        const char *text = vector->hashes[i];
        if (text == NULL || text[0] == '\0') {
            break;
        }
        cr_assert_eq(b64_decode_hash(slice_str(text), &path.hash[i]), SG_OK);
        path.count++;
    }
    return path;
}

static struct tlog_hash root_of(const struct test_tree *tree, uint64_t size)
{
    struct tlog_frontier frontier = {0};

    for (uint64_t i = 0; i < size; i++) {
        tlog_frontier_add(&frontier, &tree->leaf[i]);
    }
    return tlog_frontier_root(&frontier);
}

static bool same_path(const struct tlog_path *a, const struct tlog_path *b)
{
    bool same = a->count == b->count;

    for (size_t i = 0; same && i < a->count; i++) {
        same = tlog_hash_equal(&a->hash[i], &b->hash[i]);
    }
    return same;
}

Test(merkle, leaf_hashes_are_the_known_ones)
{
    for (size_t i = 0; i < SG_COUNT(leaves); i++) {
        struct tlog_hash want = hash_from_hex(leaves[i].hex);
        struct tlog_hash have = tlog_leaf(vector_entry((unsigned)leaves[i].size));
        cr_expect(tlog_hash_equal(&want, &have), "entry %zu", i);
    }
}

Test(merkle, roots_are_the_known_ones)
{
    static struct test_tree tree;

    tree_make_small(&tree);
    for (size_t i = 0; i < SG_COUNT(roots); i++) {
        struct tlog_hash want = hash_from_hex(roots[i].hex);
        struct tlog_hash have = root_of(&tree, roots[i].size);
        cr_expect(tlog_hash_equal(&want, &have), "size %zu", i);
    }
    tree_make_decimal(&tree, 300);
    for (size_t i = 0; i < SG_COUNT(big_roots); i++) {
        struct tlog_hash want = hash_from_hex(big_roots[i].hex);
        struct tlog_hash have = root_of(&tree, big_roots[i].size);
        cr_expect(tlog_hash_equal(&want, &have), "size %u", (unsigned)big_roots[i].size);
    }
}

Test(merkle, subtrees_added_whole_give_the_same_root)
{
    static struct test_tree tree;
    struct tlog_frontier frontier = {0};

    tree_make_decimal(&tree, 300);
    struct tlog_hash whole = tlog_fold(tree.leaf, 256);
    tlog_frontier_add_subtree(&frontier, 8, &whole);
    for (size_t i = 256; i < 300; i++) {
        tlog_frontier_add(&frontier, &tree.leaf[i]);
    }
    struct tlog_hash have = tlog_frontier_root(&frontier);
    struct tlog_hash want = root_of(&tree, 300);
    cr_expect(tlog_hash_equal(&have, &want));
}

Test(merkle, the_last_leaf_ends_subtrees_whose_hashes_are_known)
{
    static struct test_tree tree;
    struct tlog_frontier frontier = {0};

    tree_make_decimal(&tree, 300);
    for (uint64_t size = 1; size <= 300; size++) {
        tlog_frontier_add(&frontier, &tree.leaf[size - 1]);
        for (unsigned level = 0; size % (1ULL << level) == 0; level++) {
            uint64_t width = 1ULL << level;
            struct tlog_hash want = tlog_fold(&tree.leaf[size - width], (size_t)width);
            cr_expect(tlog_hash_equal(tlog_frontier_last(&frontier, level), &want),
                      "size %u, level %u", (unsigned)size, level);
        }
    }
}

Test(merkle, inclusion_proofs_are_the_known_ones)
{
    static struct test_tree tree;

    tree_make_small(&tree);
    for (size_t i = 0; i < SG_COUNT(inclusions); i++) {
        const struct proof_vector *v = &inclusions[i];
        struct tlog_path want = path_of(v);
        struct tlog_path have = {0};
        struct tlog_place place = {v->a, v->b};
        cr_assert_eq(tlog_inclusion_prove(&tree.source, place, &have), SG_OK);
        cr_expect(same_path(&want, &have), "vector %zu", i);
    }
}

Test(merkle, consistency_proofs_are_the_known_ones)
{
    static struct test_tree tree;

    tree_make_small(&tree);
    for (size_t i = 0; i < SG_COUNT(consistencies); i++) {
        const struct proof_vector *v = &consistencies[i];
        struct tlog_path want = path_of(v);
        struct tlog_path have = {0};
        cr_assert_eq(tlog_consistency_prove(&tree.source, v->a, v->b, &have), SG_OK);
        cr_expect(same_path(&want, &have), "vector %zu", i);
    }
}

/* Every way to spoil a path by one fact. kind counts up to SPOIL_KINDS. */
enum { SPOIL_KINDS = 4 };
static bool spoil(struct tlog_path *path, unsigned kind)
{
    struct tlog_hash held;

    if (kind == 0) {
        path->hash[path->count] = tlog_sha256(slice_str("more"));
        path->count++;
        return true;
    }
    if (kind == 1 && path->count > 0) {
        path->count--;
        return true;
    }
    if (kind == 2 && path->count > 0) {
        path->hash[path->count - 1].bytes[31] ^= 1;
        return true;
    }
    if (kind == 3 && path->count > 1) {
        held = path->hash[0];
        path->hash[0] = path->hash[1];
        path->hash[1] = held;
        return true;
    }
    return false;
}

Test(merkle, a_spoiled_inclusion_proof_is_refused)
{
    static struct test_tree tree;

    tree_make_small(&tree);
    for (size_t i = 0; i < SG_COUNT(inclusions); i++) {
        struct tlog_place place = {inclusions[i].a, inclusions[i].b};
        struct tlog_hash root = root_of(&tree, place.size);
        const struct tlog_hash *leaf = &tree.leaf[place.index];
        struct tlog_path good = path_of(&inclusions[i]);
        cr_expect_eq(tlog_inclusion_check(place, leaf, &good, &root), SG_OK);
        for (unsigned kind = 0; kind < SPOIL_KINDS; kind++) {
            struct tlog_path bad = good;
            cr_expect(!spoil(&bad, kind) ||
                          tlog_inclusion_check(place, leaf, &bad, &root) == SG_CORRUPT,
                      "vector %zu kind %u", i, kind);
        }
        for (uint64_t other = 0; other < place.size + 2; other++) {
            struct tlog_place wrong = {other, place.size};
            cr_expect(other == place.index ||
                          tlog_inclusion_check(wrong, leaf, &good, &root) == SG_CORRUPT,
                      "vector %zu as index %u", i, (unsigned)other);
        }
        struct tlog_place none = {0, 0};
        cr_expect_eq(tlog_inclusion_check(none, leaf, &good, &root), SG_CORRUPT);
    }
}

Test(merkle, a_spoiled_consistency_proof_is_refused)
{
    static struct test_tree tree;

    tree_make_small(&tree);
    for (size_t i = 0; i < SG_COUNT(consistencies); i++) {
        const struct proof_vector *v = &consistencies[i];
        struct tlog_head before = {v->a, root_of(&tree, v->a)};
        struct tlog_head now = {v->b, root_of(&tree, v->b)};
        struct tlog_path good = path_of(v);
        cr_expect_eq(tlog_consistency_check(&before, &now, &good), SG_OK);
        for (unsigned kind = 0; kind < SPOIL_KINDS; kind++) {
            struct tlog_path bad = good;
            cr_expect(!spoil(&bad, kind) ||
                          tlog_consistency_check(&before, &now, &bad) == SG_CORRUPT,
                      "vector %zu kind %u", i, kind);
        }
        struct tlog_head false_root = before;
        false_root.root.bytes[0] ^= 1;
        cr_expect_eq(tlog_consistency_check(&false_root, &now, &good), SG_CORRUPT);
        false_root = now;
        false_root.root.bytes[0] ^= 1;
        cr_expect_eq(tlog_consistency_check(&before, &false_root, &good), SG_CORRUPT);
    }
}

Test(merkle, a_smaller_tree_is_never_consistent_with_a_larger_one)
{
    static struct test_tree tree;
    struct tlog_path none = {0};

    tree_make_small(&tree);
    struct tlog_head large = {8, root_of(&tree, 8)};
    struct tlog_head small = {4, root_of(&tree, 4)};
    cr_expect_eq(tlog_consistency_check(&large, &small, &none), SG_CORRUPT);
    cr_expect_eq(tlog_consistency_prove(&tree.source, 8, 4, &none), SG_INVALID);
}

Test(merkle, only_the_true_empty_tree_precedes_every_tree)
{
    static struct test_tree tree;
    struct tlog_path none = {0};

    tree_make_small(&tree);
    struct tlog_head empty = {0, root_of(&tree, 0)};
    struct tlog_head now = {8, root_of(&tree, 8)};
    cr_expect_eq(tlog_consistency_check(&empty, &now, &none), SG_OK);
    empty.root.bytes[5] ^= 4;
    cr_expect_eq(tlog_consistency_check(&empty, &now, &none), SG_CORRUPT);
}

Test(merkle, every_proof_of_every_small_tree_verifies)
{
    static struct test_tree tree;
    struct tlog_path path;

    tree_make_decimal(&tree, 69);
    for (uint64_t size = 1; size <= 69; size++) {
        struct tlog_head now = {size, root_of(&tree, size)};
        for (uint64_t at = 0; at < size; at++) {
            struct tlog_place place = {at, size};
            cr_assert_eq(tlog_inclusion_prove(&tree.source, place, &path), SG_OK);
            cr_assert_eq(tlog_inclusion_check(place, &tree.leaf[at], &path, &now.root),
                         SG_OK);
            struct tlog_head before = {at, root_of(&tree, at)};
            cr_assert_eq(tlog_consistency_prove(&tree.source, at, size, &path), SG_OK);
            cr_assert_eq(tlog_consistency_check(&before, &now, &path), SG_OK);
        }
    }
}

Test(merkle, a_root_from_subtrees_equals_the_appended_one)
{
    static struct test_tree tree;
    struct tlog_hash have;

    tree_make_decimal(&tree, 300);
    for (uint64_t size = 0; size <= 300; size += 25) {
        struct tlog_hash want = root_of(&tree, size);
        cr_assert_eq(tlog_root(&tree.source, size, &have), SG_OK);
        cr_expect(tlog_hash_equal(&want, &have), "size %u", (unsigned)size);
    }
}

Test(merkle, sizes_beyond_63_bits_are_refused)
{
    static struct test_tree tree;
    struct tlog_path path = {0};
    struct tlog_place place = {1, UINT64_MAX};

    tree_make_small(&tree);
    cr_expect_eq(tlog_inclusion_prove(&tree.source, place, &path), SG_INVALID);
    cr_expect_eq(tlog_inclusion_check(place, &tree.leaf[0], &path, &tree.leaf[0]),
                 SG_CORRUPT);
}
