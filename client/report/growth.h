#ifndef SEGEL_CLIENT_REPORT_GROWTH_H
#define SEGEL_CLIENT_REPORT_GROWTH_H

#include "proto/tlog/merkle.h"

/* The consistency proof (RFC 6962 section 2.1.2) from a tree to a later one, made while
 * the leaves between them go by: which subtrees it needs follows from the size of the
 * first tree alone. Costs one more hash a leaf, and no memory that grows. */
struct growth_node {
    unsigned level;
    uint64_t index;
    struct tlog_hash hash;
};
struct growth {
    struct tlog_frontier before;
    struct tlog_frontier piece; /* the subtree that is being filled */
    unsigned level;             /* of the piece */
    size_t count;
    struct growth_node nodes[64]; /* the complete ones */
};

void growth_start(struct growth *growth, const struct tlog_frontier *before);
void growth_add(struct growth *growth, const struct tlog_hash *leaf);
/* now: the tree with all leaves that were added. SG_INTERNAL: it does not fit to them. */
SG_MUST_USE enum sg_status growth_prove(const struct growth *growth,
                                        const struct tlog_head *now,
                                        struct tlog_path *path);

#endif
