#include "gateway/status/keep.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Kept statements: whole or not there, and nothing but a plain file is read. */

enum { MAX = 1000 };

static char dir[] = "/tmp/segel-keep-XXXXXX";
static char path[64];
static struct kept kept;
static struct sg_error why;

static void make(void)
{
    cr_assert_not_null(mkdtemp(dir));
    (void)snprintf(path, sizeof(path), "%s/a.crl", dir);
}

static void clear(void)
{
    char beside[80];

    kept_fini(&kept);
    (void)snprintf(beside, sizeof(beside), "%s.new", path);
    (void)unlink(beside);
    (void)unlink(path);
    (void)rmdir(dir);
}

TestSuite(keep, .init = make, .fini = clear, .timeout = 20);

static enum sg_status write_some(size_t len)
{
    static uint8_t bytes[MAX + 1];

    memset(bytes, 'x', sizeof(bytes));
    return keep_write(dir, "a.crl", slice_of(bytes, len), &why);
}

static enum sg_status read_again(void)
{
    kept_fini(&kept);
    kept.max = MAX;
    return keep_read(dir, "a.crl", &kept, &why);
}

Test(keep, what_was_written_is_read)
{
    cr_assert_eq(write_some(MAX), SG_OK, "%s", why.text);
    cr_assert_eq(read_again(), SG_OK, "%s", why.text);
    cr_expect_eq(kept.len, MAX);
    cr_expect_eq(kept.data[MAX - 1], 'x');
    cr_assert_eq(write_some(3), SG_OK, "%s", why.text);
    cr_assert_eq(read_again(), SG_OK, "%s", why.text);
    cr_expect_eq(kept.len, 3, "nothing of the longer one is left");
}

Test(keep, nothing_was_kept)
{
    cr_expect_eq(read_again(), SG_NOT_FOUND);
}

Test(keep, long_and_empty_files_are_refused)
{
    cr_assert_eq(write_some(MAX + 1), SG_OK, "%s", why.text);
    cr_expect_eq(read_again(), SG_INVALID);
    cr_assert_eq(truncate(path, 0), 0);
    cr_expect_eq(read_again(), SG_INVALID);
}

/* A pipe without a writer would hold the start up for ever. */
Test(keep, links_pipes_and_folders_are_not_read)
{
    cr_assert_eq(symlink("/etc/hostname", path), 0);
    cr_expect_neq(read_again(), SG_OK);
    cr_assert_eq(unlink(path), 0);
    cr_assert_eq(mkfifo(path, 0600), 0);
    cr_expect_eq(read_again(), SG_INVALID);
    cr_assert_eq(unlink(path), 0);
    cr_assert_eq(mkdir(path, 0700), 0);
    cr_expect_eq(read_again(), SG_INVALID);
    cr_assert_eq(rmdir(path), 0);
}

Test(keep, a_link_in_the_way_is_not_written_through)
{
    char beside[80];

    (void)snprintf(beside, sizeof(beside), "%s.new", path);
    cr_assert_eq(symlink("/dev/null", beside), 0);
    cr_expect_neq(write_some(3), SG_OK);
    cr_expect_eq(read_again(), SG_NOT_FOUND);
}
