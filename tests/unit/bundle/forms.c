#include <criterion/criterion.h>
#include <stdio.h>

#include "client/bundle/manifest.h"
#include "client/bundle/plan.h"
#include "client/bundle/tar.h"

/* --- Manifest ---------------------------------------------------------------------- */

static const char *const lines[MANIFEST_HEAD_LINES] = {
    "segel-bundle/v1", "origin segel.example.go.id/log",       "tree 300",
    "records 10 60",   "period 2026-05-02T00:00:00.000000Z -", "files 2"};

static bool head_with(unsigned at, const char *line)
{
    struct manifest_head head;

    for (unsigned i = 0; i < MANIFEST_HEAD_LINES; i++) {
        const char *text = i == at ? line : lines[i];
        if (manifest_head_line(i, slice_str(text), &head) != SG_OK) {
            return false;
        }
    }
    return manifest_head_sound(&head);
}

Test(manifest, reads_a_head_and_writes_the_same)
{
    struct manifest_head head;
    char text[MANIFEST_HEAD_MAX];
    char expected[MANIFEST_HEAD_MAX] = "";
    size_t len = 0;
    size_t at = 0;

    for (unsigned i = 0; i < MANIFEST_HEAD_LINES; i++) {
        cr_assert_eq(manifest_head_line(i, slice_str(lines[i]), &head), SG_OK);
        at += (size_t)snprintf(expected + at, sizeof(expected) - at, "%s\n", lines[i]);
    }
    cr_expect(manifest_head_sound(&head));
    cr_assert_eq(manifest_write_head(&head, text, &len), SG_OK);
    cr_expect(slice_equal(slice_of(text, len), slice_of(expected, at)));
}

Test(manifest, refuses_a_head_that_does_not_fit_together)
{
    static const struct {
        unsigned at;
        const char *line;
    } bad[] = {{0, "segel-bundle/v2"},
               {1, "origin "},
               {1, "origin a b"},
               {2, "tree 59"},
               {2, "tree 9223372036854775808"},
               {2, "tree 0300"},
               {3, "records 10 10"},
               {3, "records 60 10"},
               {3, "records 10"},
               {3, "records 10 60 70"},
               {4, "period - 1969-12-31T23:59:59.000000Z"},
               {4, "period 2026-05-02 -"},
               {4, "period 2026-05-02T07:00:00.000000+07:00 -"},
               {4, "period 2026-05-02T00:00:00.000000Z 2026-05-02T00:00:00.000000Z"},
               {5, "files 4194305"},
               {5, "files -1"},
               {5, "file 2"}};

    cr_expect(head_with(0, lines[0]));
    for (size_t i = 0; i < SG_COUNT(bad); i++) {
        cr_expect_not(head_with(bad[i].at, bad[i].line), "%s", bad[i].line);
    }
}

Test(manifest, refuses_paths_that_lead_out)
{
    static const char *const bad[] = {"",     "/",    "/a",  "a/",   "a//b", "..",
                                      "../a", "a/..", "a/.", "a\\b", "a b",  "a\tb"};

    for (size_t i = 0; i < SG_COUNT(bad); i++) {
        cr_expect_not(bundle_path_valid(slice_str(bad[i])), "%s", bad[i]);
    }
    cr_expect_not(bundle_path_valid(slice_of("a\0b", 3)));
    cr_expect(bundle_path_valid(slice_str("tile/0/x001/234.p/5")));
    cr_expect(bundle_path_valid(slice_str("a/..b/c..")));
    char longest[BUNDLE_PATH_MAX + 2];
    memset(longest, 'a', sizeof(longest));
    cr_expect(bundle_path_valid(slice_of(longest, BUNDLE_PATH_MAX)));
    cr_expect_not(bundle_path_valid(slice_of(longest, BUNDLE_PATH_MAX + 1)));
}

/* --- Tar --------------------------------------------------------------------------- */

Test(tar, reads_what_it_writes_and_nothing_that_differs)
{
    uint8_t block[TAR_BLOCK];
    char path[BUNDLE_PATH_MAX + 1];
    uint64_t size = 0;

    tar_header_write("tile/0/000", 8192, block);
    cr_assert_eq(tar_header_read(block, path, &size), SG_OK);
    cr_expect_str_eq(path, "tile/0/000");
    cr_expect_eq(size, 8192);
    for (size_t i = 0; i < TAR_BLOCK; i++) {
        block[i] ^= 1;
        cr_expect_eq(tar_header_read(block, path, &size), SG_INVALID, "byte %zu", i);
        block[i] ^= 1;
    }
    memset(block, 0, sizeof(block));
    cr_expect_eq(tar_header_read(block, path, &size), SG_NOT_FOUND);
}

/* --- Tiles ------------------------------------------------------------------------- */

static uint64_t count(uint64_t size, uint64_t first, uint64_t end)
{
    const struct manifest_head head = {.tree_size = size, .first = first, .end = end};

    return plan_count(&head);
}

Test(plan, has_the_tiles_of_the_way_and_of_the_edge)
{
    cr_expect_eq(count(1, 0, 1), 1);
    cr_expect_eq(count(256, 0, 256), 2);
    cr_expect_eq(count(257, 0, 257), 3);
    cr_expect_eq(count(70000, 0, 70000), 273 + 1 + 1 + 1 + 1);
    cr_expect_eq(count(70000, 0, 1), 1 + 1 + 1 + 1 + 1, "its own, and the edge");
    cr_expect_eq(count(70000, 69999, 70000), 1 + 1 + 1, "the edge is its own");
    cr_expect_eq(count(65536, 300, 301), 1 + 1 + 1);
}
