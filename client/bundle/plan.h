#ifndef SEGEL_CLIENT_BUNDLE_PLAN_H
#define SEGEL_CLIENT_BUNDLE_PLAN_H

#include "client/bundle/manifest.h"
#include "proto/base.h"

/* Which hash tiles belong into a bundle: those on the way from its records to the root,
 * and the incomplete ones that the right edge of the tree is made of. Pure. */
struct plan {
    uint64_t first; /* tiles [first, end) of the level; none when they are equal */
    uint64_t end;
    uint64_t edge; /* one more, behind them, when with_edge */
    bool with_edge;
};

/* head: its tree and its records. */
struct plan plan_level(const struct manifest_head *head, unsigned level);
/* Files on all levels. */
uint64_t plan_count(const struct manifest_head *head);

#endif
