/* tree [RECORDS]: the tree part of reading a log: hashing leaves of the usual length, the
 * tiles over them, and the root that grows; leaves a second on one thread. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "proto/text.h"
#include "proto/tlog/tile.h"

enum { LEAF_BYTES = 600 };

static double now_s(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    static struct tlog_hash tile[TLOG_TILE_WIDTH];
    uint8_t leaf[LEAF_BYTES] = {0};
    struct tlog_frontier tree = {0};
    struct tlog_hash mixed = {{0}};
    uint64_t count = 1000000;

    if (argc > 1 && text_uint(slice_str(argv[1]), UINT64_C(1) << 40, &count) != SG_OK) {
        (void)fprintf(stderr, "usage: tree [RECORDS]\n");
        return 2;
    }
    double start = now_s();
    for (uint64_t i = 0; i < count; i++) {
        memcpy(leaf, &i, sizeof(i));
        tile[i % TLOG_TILE_WIDTH] = tlog_leaf(slice_of(leaf, sizeof(leaf)));
        tlog_frontier_add(&tree, &tile[i % TLOG_TILE_WIDTH]);
        if ((i + 1) % TLOG_TILE_WIDTH == 0) {
            struct tlog_hash hash = tlog_fold(tile, TLOG_TILE_WIDTH);
            mixed.bytes[0] ^= hash.bytes[0];
        }
    }
    double took = now_s() - start;
    struct tlog_hash root = tlog_frontier_root(&tree);
    (void)printf("tree: %.0f leaves/s of %d bytes (%02x%02x)\n", (double)count / took,
                 (int)LEAF_BYTES, root.bytes[0], mixed.bytes[0]);
    return 0;
}
