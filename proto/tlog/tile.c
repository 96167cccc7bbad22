#include "proto/tlog/tile.h"

#include <inttypes.h>
#include <stdio.h>

unsigned tlog_tile_width(unsigned level, uint64_t n, uint64_t size)
{
    uint64_t hashes = tlog_level_size(level, size);

    if (n > hashes / TLOG_TILE_WIDTH) {
        return 0;
    }
    uint64_t left = hashes - n * TLOG_TILE_WIDTH;
    return left < TLOG_TILE_WIDTH ? (unsigned)left : TLOG_TILE_WIDTH;
}

/* Groups of three digits, all but the last one marked by an x: the largest first. */
static size_t put_number(uint64_t n, char *out, size_t cap)
{
    unsigned groups[7];
    size_t count = 0;
    size_t len = 0;

    do {
        groups[count++] = (unsigned)(n % 1000);
        n /= 1000;
    } while (n > 0);
    while (count > 0) {
        count--;
        int wrote =
            snprintf(out + len, cap - len, count > 0 ? "x%03u/" : "%03u", groups[count]);
        MUST(wrote > 0 && (size_t)wrote < cap - len);
        len += (size_t)wrote;
    }
    return len;
}

static void put_path(const char *begin, const struct tlog_tile *tile,
                     char out[TLOG_TILE_PATH_SIZE])
{
    size_t len = strlen(begin);

    memcpy(out, begin, len + 1);
    len += put_number(tile->n, out + len, TLOG_TILE_PATH_SIZE - len);
    if (tile->width < TLOG_TILE_WIDTH) {
        int wrote = snprintf(out + len, TLOG_TILE_PATH_SIZE - len, ".p/%u", tile->width);
        MUST(wrote > 0 && (size_t)wrote < TLOG_TILE_PATH_SIZE - len);
    }
}

void tlog_tile_path(const struct tlog_tile *tile, char out[TLOG_TILE_PATH_SIZE])
{
    char begin[16];

    (void)snprintf(begin, sizeof(begin), "tile/%u/", tile->level);
    put_path(begin, tile, out);
}

void tlog_entries_path(const struct tlog_tile *tile, char out[TLOG_TILE_PATH_SIZE])
{
    put_path("tile/entries/", tile, out);
}
