#include "client/report/growth.h"

enum { LEVELS = 63 };

/* The place of the last leaf of the first tree, seen from a level. */
static uint64_t edge(const struct growth *growth, unsigned level)
{
    return (growth->before.size - 1) >> level;
}

/* The next level from here on where the edge is a left child: its sibling on the right is
 * what comes next. */
static unsigned next_level(const struct growth *growth, unsigned level)
{
    while (level < LEVELS && (edge(growth, level) & 1) != 0) {
        level++;
    }
    return level;
}

void growth_start(struct growth *growth, const struct tlog_frontier *before)
{
    growth->before = *before;
    growth->piece = (struct tlog_frontier){0};
    growth->count = 0;
    growth->level = before->size == 0 ? LEVELS : next_level(growth, 0);
}

void growth_add(struct growth *growth, const struct tlog_hash *leaf)
{
    if (growth->level == LEVELS) {
        return; /* from the empty tree nothing is to be shown */
    }
    tlog_frontier_add(&growth->piece, leaf);
    if (growth->piece.size < (uint64_t)1 << growth->level) {
        return;
    }
    growth->nodes[growth->count++] =
        (struct growth_node){.level = growth->level,
                             .index = edge(growth, growth->level) + 1,
                             .hash = tlog_frontier_root(&growth->piece)};
    growth->piece = (struct tlog_frontier){0};
    growth->level = next_level(growth, growth->level + 1);
}

/* A complete subtree that ends where so many leaves end. */
static bool ends_at(uint64_t leaves, unsigned level, uint64_t index)
{
    return ((leaves >> level) & 1) != 0 && index == (leaves >> level) - 1;
}

static enum sg_status fetch(void *context, unsigned level, uint64_t index,
                            struct tlog_hash *out)
{
    const struct growth *growth = (const struct growth *)context;
    uint64_t size = growth->piece.size;
    uint64_t start = size == 0 ? 0 : (edge(growth, growth->level) + 1) << growth->level;

    if (ends_at(growth->before.size, level, index)) {
        *out = growth->before.hash[level];
        return SG_OK;
    }
    if (size > 0 && ends_at(size, level, index - (start >> level))) {
        *out = growth->piece.hash[level];
        return SG_OK;
    }
    for (size_t i = 0; i < growth->count; i++) {
        if (growth->nodes[i].level == level && growth->nodes[i].index == index) {
            *out = growth->nodes[i].hash;
            return SG_OK;
        }
    }
    return SG_INTERNAL;
}

enum sg_status growth_prove(const struct growth *growth, const struct tlog_head *now,
                            struct tlog_path *path)
{
    struct tlog_source source = {fetch, sg_unconst(growth)};
    struct tlog_head before = {growth->before.size, tlog_frontier_root(&growth->before)};

    path->count = 0;
    if (before.size > 0 && before.size < now->size) {
        TRY(tlog_consistency_prove(&source, before.size, now->size, path));
    }
    return tlog_consistency_check(&before, now, path) == SG_OK ? SG_OK : SG_INTERNAL;
}
