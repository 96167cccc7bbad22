#include "proto/tlog/merkle.h"

/* The verification of RFC 9162 sections 2.1.3.2 and 2.1.4.2. `node` is the path's place
 * in its level and `last` the last place of that level: when they are equal the levels
 * without a right sibling are skipped. */
struct climb {
    uint64_t node;
    uint64_t last;
};

/* Whether the next hash of the path stands to the left of ours. */
static bool sibling_is_left(const struct climb *climb)
{
    return (climb->node & 1) != 0 || climb->node == climb->last;
}

static void climb_up(struct climb *climb)
{
    if (sibling_is_left(climb)) {
        while ((climb->node & 1) == 0 && climb->node != 0) {
            climb->node >>= 1;
            climb->last >>= 1;
        }
    }
    climb->node >>= 1;
    climb->last >>= 1;
}

static enum sg_status claim(bool holds)
{
    return holds ? SG_OK : SG_CORRUPT;
}

enum sg_status tlog_inclusion_check(struct tlog_place place, const struct tlog_hash *leaf,
                                    const struct tlog_path *path,
                                    const struct tlog_hash *root)
{
    struct tlog_hash have = *leaf;

    if (place.index >= place.size || place.size > INT64_MAX ||
        path->count > TLOG_PATH_MAX) {
        return SG_CORRUPT;
    }
    struct climb climb = {place.index, place.size - 1};
    for (size_t i = 0; i < path->count; i++) {
        if (climb.last == 0) {
            return SG_CORRUPT;
        }
        have = sibling_is_left(&climb) ? tlog_node(&path->hash[i], &have)
                                       : tlog_node(&have, &path->hash[i]);
        climb_up(&climb);
    }
    return claim(climb.last == 0 && tlog_hash_equal(&have, root));
}

/* The cases that need no hashing: the empty tree and two equal trees. */
static enum sg_status check_trivial(const struct tlog_head *before,
                                    const struct tlog_head *now,
                                    const struct tlog_path *path)
{
    struct tlog_hash empty = tlog_sha256(slice_of("", 0));

    if (path->count != 0) {
        return SG_CORRUPT;
    }
    if (before->size == now->size && !tlog_hash_equal(&before->root, &now->root)) {
        return SG_CORRUPT;
    }
    return claim(before->size != 0 || tlog_hash_equal(&before->root, &empty));
}

enum sg_status tlog_consistency_check(const struct tlog_head *before,
                                      const struct tlog_head *now,
                                      const struct tlog_path *path)
{
    size_t next = 0;

    if (before->size > now->size || now->size > INT64_MAX ||
        path->count > TLOG_PATH_MAX) {
        return SG_CORRUPT;
    }
    if (before->size == 0 || before->size == now->size) {
        return check_trivial(before, now, path);
    }
    struct climb climb = {before->size - 1, now->size - 1};
    while ((climb.node & 1) != 0) {
        climb.node >>= 1;
        climb.last >>= 1;
    }
    /* node 0: the old size is a power of two, and its root starts the way up. */
    if (climb.node != 0 && path->count == 0) {
        return SG_CORRUPT;
    }
    struct tlog_hash old_root = climb.node == 0 ? before->root : path->hash[next++];
    struct tlog_hash new_root = old_root;
    for (; next < path->count; next++) {
        const struct tlog_hash *sibling = &path->hash[next];
        if (climb.last == 0) {
            return SG_CORRUPT;
        }
        if (sibling_is_left(&climb)) {
            old_root = tlog_node(sibling, &old_root);
            new_root = tlog_node(sibling, &new_root);
        } else {
            new_root = tlog_node(&new_root, sibling);
        }
        climb_up(&climb);
    }
    return claim(climb.last == 0 && tlog_hash_equal(&old_root, &before->root) &&
                 tlog_hash_equal(&new_root, &now->root));
}
