#include "client/bundle/plan.h"

#include "proto/tlog/tile.h"

struct plan plan_level(const struct manifest_head *head, unsigned level)
{
    uint64_t hashes = tlog_level_size(level, head->tree_size);
    uint64_t edge = hashes / TLOG_TILE_WIDTH;
    uint64_t tiles = edge + (hashes % TLOG_TILE_WIDTH != 0 ? 1 : 0);
    uint64_t first = tlog_level_size(level, head->first) / TLOG_TILE_WIDTH;
    uint64_t end = tlog_level_size(level, head->end - 1) / TLOG_TILE_WIDTH + 1;

    end = end < tiles ? end : tiles;
    return (struct plan){.first = first < end ? first : end,
                         .end = end,
                         .edge = edge,
                         .with_edge = tiles > edge && end < tiles};
}

uint64_t plan_count(const struct manifest_head *head)
{
    uint64_t count = 0;

    for (unsigned level = 0; level < TLOG_TILE_LEVELS; level++) {
        struct plan plan = plan_level(head, level);
        count += plan.end - plan.first + (plan.with_edge ? 1 : 0);
    }
    return count;
}
