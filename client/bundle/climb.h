#ifndef SEGEL_CLIENT_BUNDLE_CLIMB_H
#define SEGEL_CLIENT_BUNDLE_CLIMB_H

#include "client/bundle/bundle.h"
#include "client/bundle/verdict.h"
#include "proto/base.h"
#include "proto/tlog/tile.h"

/* The hash tiles of a bundle, gone through in the order of the records: each complete one
 * has to hash to its place in the tile above it, and the incomplete ones at the right
 * edge give the root. So every hash that is used is tied to the signed root, with one
 * tile of each level in memory. */
struct climb_tile {
    uint64_t n;
    unsigned width; /* 0: none is loaded */
    struct tlog_hash hashes[TLOG_TILE_WIDTH];
};
struct climb {
    struct bundle *bundle; /* borrowed */
    struct verdict *verdict;
    uint64_t size;
    struct tlog_hash root;                     /* by the edge */
    struct climb_tile edge[TLOG_TILE_LEVELS];  /* the incomplete ones */
    struct climb_tile whole[TLOG_TILE_LEVELS]; /* on the way to the present record */
    const struct climb_tile *now[TLOG_TILE_LEVELS];
    struct bundle_file file;
};

/* Loads the edge and computes the root. SG_CORRUPT: a finding says what is missing. */
SG_MUST_USE enum sg_status climb_start(struct climb *climb, struct bundle *bundle,
                                       uint64_t size, struct verdict *verdict);
/* Goes to the tile of record index, below the size. SG_CORRUPT: a tile is missing or
 * false, which a finding says. */
SG_MUST_USE enum sg_status climb_to(struct climb *climb, uint64_t index);
/* The hash of that record's leaf, in the tile gone to. */
const struct tlog_hash *climb_leaf(const struct climb *climb, uint64_t index);
/* The tree of all records before the one gone to. */
void climb_before(const struct climb *climb, uint64_t index, struct tlog_frontier *out);
void climb_fini(struct climb *climb);

#endif
