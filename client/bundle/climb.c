#include "client/bundle/climb.h"

#include <inttypes.h>

static enum sg_status load(struct climb *climb, const struct tlog_tile *tile,
                           struct climb_tile *out)
{
    size_t len = (size_t)tile->width * TLOG_HASH_SIZE;
    char path[TLOG_TILE_PATH_SIZE];
    struct slice bytes = {0};

    tlog_tile_path(tile, path);
    out->width = 0;
    enum sg_status status = bundle_file_open(climb->bundle, path, &climb->file);
    if (status == SG_OK && climb->file.size == len) {
        status = bundle_file_take(&climb->file, len, &bytes);
    }
    if (status != SG_OK || bytes.len != len || bytes.data == NULL) {
        verdict_find(climb->verdict, FINDING_TILE_FORM, "%s", path);
        return SG_CORRUPT;
    }
    memcpy(out->hashes, bytes.data, len);
    out->n = tile->n;
    out->width = tile->width;
    return SG_OK;
}

static struct tlog_tile tile_of(uint64_t size, unsigned level, uint64_t n)
{
    return (struct tlog_tile){level, n, tlog_tile_width(level, n, size)};
}

enum sg_status climb_start(struct climb *climb, struct bundle *bundle, uint64_t size,
                           struct verdict *verdict)
{
    struct tlog_frontier tree = {0};

    climb->bundle = bundle;
    climb->verdict = verdict;
    climb->size = size;
    for (unsigned level = TLOG_TILE_LEVELS; level-- > 0;) {
        uint64_t n = tlog_level_size(level, size) / TLOG_TILE_WIDTH;
        struct tlog_tile tile = tile_of(size, level, n);
        struct climb_tile *edge = &climb->edge[level];
        if (tile.width == 0) {
            continue;
        }
        TRY(load(climb, &tile, edge));
        for (unsigned i = 0; i < edge->width; i++) {
            tlog_frontier_add_subtree(&tree, 8 * level, &edge->hashes[i]);
        }
    }
    climb->root = tlog_frontier_root(&tree);
    return SG_OK;
}

/* A complete tile is what its place in the tile above says. */
static enum sg_status load_whole(struct climb *climb, const struct tlog_tile *tile)
{
    struct climb_tile *own = &climb->whole[tile->level];
    const struct climb_tile *above =
        tile->level + 1 < TLOG_TILE_LEVELS ? climb->now[tile->level + 1] : NULL;
    char path[TLOG_TILE_PATH_SIZE];

    TRY(load(climb, tile, own));
    MUST(above != NULL && above->n == tile->n / TLOG_TILE_WIDTH);
    struct tlog_hash hash = tlog_fold(own->hashes, TLOG_TILE_WIDTH);
    if (!tlog_hash_equal(&hash, &above->hashes[tile->n % TLOG_TILE_WIDTH])) {
        own->width = 0;
        tlog_tile_path(tile, path);
        verdict_find(climb->verdict, FINDING_TILE_HASH, "%s", path);
        return SG_CORRUPT;
    }
    climb->now[tile->level] = own;
    return SG_OK;
}

static enum sg_status go_to(struct climb *climb, unsigned level, uint64_t n)
{
    struct tlog_tile tile = tile_of(climb->size, level, n);
    const struct climb_tile *now = climb->now[level];

    if (tile.width == 0) {
        climb->now[level] = NULL;
        return SG_OK;
    }
    if (now != NULL && now->width == tile.width && now->n == n) {
        return SG_OK;
    }
    if (tile.width < TLOG_TILE_WIDTH) {
        climb->now[level] = &climb->edge[level];
        return SG_OK;
    }
    return load_whole(climb, &tile);
}

enum sg_status climb_to(struct climb *climb, uint64_t index)
{
    MUST(index < climb->size);
    for (unsigned level = TLOG_TILE_LEVELS; level-- > 0;) {
        TRY(go_to(climb, level, tlog_level_size(level, index) / TLOG_TILE_WIDTH));
    }
    return SG_OK;
}

const struct tlog_hash *climb_leaf(const struct climb *climb, uint64_t index)
{
    return &climb->now[0]->hashes[index % TLOG_TILE_WIDTH];
}

void climb_before(const struct climb *climb, uint64_t index, struct tlog_frontier *out)
{
    *out = (struct tlog_frontier){0};
    for (unsigned level = TLOG_TILE_LEVELS; level-- > 0;) {
        uint64_t count = tlog_level_size(level, index) % TLOG_TILE_WIDTH;
        for (uint64_t i = 0; i < count; i++) {
            tlog_frontier_add_subtree(out, 8 * level, &climb->now[level]->hashes[i]);
        }
    }
}

void climb_fini(struct climb *climb)
{
    bundle_file_fini(&climb->file);
}
