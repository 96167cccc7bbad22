#ifndef SEGEL_PROTO_TLOG_MERKLE_H
#define SEGEL_PROTO_TLOG_MERKLE_H

#include "proto/base.h"
#include "proto/slice.h"

/* The Merkle tree of RFC 6962 section 2.1 over SHA-256. Pure functions over memory; any
 * thread. A subtree is named by level and index: it covers the leaves
 * [index << level, (index + 1) << level). Sizes stay below 2^63. */
enum { TLOG_HASH_SIZE = 32, TLOG_PATH_MAX = 64 };

struct tlog_hash {
    uint8_t bytes[TLOG_HASH_SIZE];
};

/* Hashes of a proof, in the order of RFC 6962: the one nearest the leaf first. */
struct tlog_path {
    struct tlog_hash hash[TLOG_PATH_MAX];
    size_t count;
};

/* All that is needed to append and to know the root: hash[k] counts when bit k of size is
 * set and is then the hash of a complete subtree of 2^k leaves. The zero state is the
 * empty tree. A plain value: copy it to try something out. */
struct tlog_frontier {
    uint64_t size;
    struct tlog_hash hash[64];
};

struct tlog_hash tlog_sha256(struct slice bytes);
/* Of both, one after the other. */
struct tlog_hash tlog_sha256_of(struct slice head, struct slice body);
struct tlog_hash tlog_leaf(struct slice entry);
struct tlog_hash tlog_node(const struct tlog_hash *left, const struct tlog_hash *right);
bool tlog_hash_equal(const struct tlog_hash *a, const struct tlog_hash *b);
/* Tree hash of count hashes that stand side by side; count 1 to 256. */
struct tlog_hash tlog_fold(const struct tlog_hash *hashes, size_t count);

void tlog_frontier_add(struct tlog_frontier *frontier, const struct tlog_hash *leaf);
/* Adds a complete subtree of 2^level leaves; the size must be a multiple of that. */
void tlog_frontier_add_subtree(struct tlog_frontier *frontier, unsigned level,
                               const struct tlog_hash *hash);
/* The complete subtree of 2^level leaves at the end: the size must be a multiple of that,
 * and what was added last no larger. Until the next is added. */
const struct tlog_hash *tlog_frontier_last(const struct tlog_frontier *frontier,
                                           unsigned level);
struct tlog_hash tlog_frontier_root(const struct tlog_frontier *frontier);

/* Whether the path leads from the leaf at index to the root of a tree of size leaves.
 * SG_CORRUPT: it does not, by its length, its hashes, or index >= size. */
struct tlog_place {
    uint64_t index;
    uint64_t size;
};
SG_MUST_USE enum sg_status tlog_inclusion_check(struct tlog_place place,
                                                const struct tlog_hash *leaf,
                                                const struct tlog_path *path,
                                                const struct tlog_hash *root);

/* Whether the tree `now` begins with all leaves of the tree `before`. SG_CORRUPT: not
 * shown. */
struct tlog_head {
    uint64_t size;
    struct tlog_hash root;
};
SG_MUST_USE enum sg_status tlog_consistency_check(const struct tlog_head *before,
                                                  const struct tlog_head *now,
                                                  const struct tlog_path *path);

/* Where proofs take their hashes from. fetch gives the hash of one complete subtree; it
 * is asked only for subtrees that lie wholly inside the tree. Its failure is passed on.
 */
struct tlog_source {
    enum sg_status (*fetch)(void *context, unsigned level, uint64_t index,
                            struct tlog_hash *out);
    void *context; /* borrowed */
};

/* SG_INVALID: index >= size, old size above the new one, or sizes too large. */
SG_MUST_USE enum sg_status tlog_inclusion_prove(const struct tlog_source *source,
                                                struct tlog_place place,
                                                struct tlog_path *path);
SG_MUST_USE enum sg_status tlog_consistency_prove(const struct tlog_source *source,
                                                  uint64_t old_size, uint64_t new_size,
                                                  struct tlog_path *path);
/* Root of the first size leaves. */
SG_MUST_USE enum sg_status tlog_root(const struct tlog_source *source, uint64_t size,
                                     struct tlog_hash *root);

#endif
