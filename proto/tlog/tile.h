#ifndef SEGEL_PROTO_TLOG_TILE_H
#define SEGEL_PROTO_TLOG_TILE_H

#include "proto/base.h"
#include "proto/tlog/merkle.h"

/* Tiles of a log (C2SP tlog-tiles): 256 hashes of one level side by side. A hash of level
 * L covers 256^L leaves; tile n of a level holds the hashes [256 n, 256 (n + 1)). Pure.
 */
enum {
    TLOG_TILE_WIDTH = 256,
    TLOG_TILE_BYTES = TLOG_TILE_WIDTH * TLOG_HASH_SIZE,
    TLOG_TILE_LEVELS = 8,
    TLOG_TILE_PATH_SIZE = 64 /* with a NUL */
};

struct tlog_tile {
    unsigned level; /* below TLOG_TILE_LEVELS */
    uint64_t n;
    unsigned width; /* 1 to 256 */
};

/* Hashes of one level in a tree of size leaves: only complete subtrees count. */
static inline uint64_t tlog_level_size(unsigned level, uint64_t size)
{
    return size >> (8 * level);
}
/* Hashes that tile n of the level holds then; 0: there is no such tile. */
unsigned tlog_tile_width(unsigned level, uint64_t n, uint64_t size);

/* "tile/1/x001/234.p/5", and of entries "tile/entries/…" (level 0 only). */
void tlog_tile_path(const struct tlog_tile *tile, char out[TLOG_TILE_PATH_SIZE]);
void tlog_entries_path(const struct tlog_tile *tile, char out[TLOG_TILE_PATH_SIZE]);

#endif
