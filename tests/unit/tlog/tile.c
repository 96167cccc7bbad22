#include "proto/tlog/tile.h"

#include <criterion/criterion.h>

static const char *path_of(unsigned level, uint64_t n, unsigned width)
{
    static char path[TLOG_TILE_PATH_SIZE];
    struct tlog_tile tile = {level, n, width};

    tlog_tile_path(&tile, path);
    return path;
}

Test(tile, paths_are_those_of_the_specification)
{
    cr_expect_str_eq(path_of(0, 0, 256), "tile/0/000");
    cr_expect_str_eq(path_of(0, 999, 256), "tile/0/999");
    cr_expect_str_eq(path_of(2, 1000, 256), "tile/2/x001/000");
    cr_expect_str_eq(path_of(0, 1234067, 256), "tile/0/x001/x234/067");
    cr_expect_str_eq(path_of(7, 999999999, 256), "tile/7/x999/x999/999");
    cr_expect_str_eq(path_of(0, 273, 112), "tile/0/273.p/112");
    cr_expect_str_eq(path_of(0, INT64_MAX, 1),
                     "tile/0/x009/x223/x372/x036/x854/x775/807.p/1");
}

Test(tile, entries_have_a_folder_of_their_own)
{
    struct tlog_tile tile = {0, 1000, 8};
    char path[TLOG_TILE_PATH_SIZE];

    tlog_entries_path(&tile, path);
    cr_expect_str_eq(path, "tile/entries/x001/000.p/8");
}

/* The worked example of the specification: 70,000 leaves. */
Test(tile, widths_are_those_of_the_worked_example)
{
    cr_expect_eq(tlog_tile_width(0, 272, 70000), 256);
    cr_expect_eq(tlog_tile_width(0, 273, 70000), 112);
    cr_expect_eq(tlog_tile_width(0, 274, 70000), 0);
    cr_expect_eq(tlog_tile_width(1, 0, 70000), 256);
    cr_expect_eq(tlog_tile_width(1, 1, 70000), 17);
    cr_expect_eq(tlog_tile_width(2, 0, 70000), 1);
    cr_expect_eq(tlog_tile_width(3, 0, 70000), 0);
    cr_expect_eq(tlog_tile_width(0, 0, 256), 256);
    cr_expect_eq(tlog_tile_width(0, 1, 256), 0);
    cr_expect_eq(tlog_tile_width(1, 0, 256), 1);
    cr_expect_eq(tlog_tile_width(1, 0, 255), 0);
    cr_expect_eq(tlog_tile_width(0, UINT64_MAX / 256, INT64_MAX), 0);
}
