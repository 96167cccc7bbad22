#ifndef SEGEL_GATEWAY_LEDGER_TREE_H
#define SEGEL_GATEWAY_LEDGER_TREE_H

#include "proto/tlog/merkle.h"

/* What the writer keeps of the tree in memory: the frontier, and the leaves of the tile
 * that is not complete yet. A plain value: the transaction works on a copy, which takes
 * the place of the original only when the commit has succeeded. */
enum { TILE_WIDTH = 256, TILE_LEVELS = 8, TILE_BYTES = TILE_WIDTH * TLOG_HASH_SIZE };

struct tree {
    struct tlog_frontier frontier;
    struct tlog_hash tail[TILE_WIDTH];
};

static inline void tree_add(struct tree *tree, const struct tlog_hash *leaf)
{
    tree->tail[tree->frontier.size % TILE_WIDTH] = *leaf;
    tlog_frontier_add(&tree->frontier, leaf);
}

/* One sentence for the operator; SG_CORRUPT. what: "there is no record"; at: its number.
 */
SG_MUST_USE enum sg_status tree_changed(struct sg_error *why, const char *what,
                                        uint64_t at);

#endif
