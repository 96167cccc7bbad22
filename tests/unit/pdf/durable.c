#define _GNU_SOURCE /* NOLINT: the name is the C library's */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/unit/pdf/support/letter.h"
#include "tests/unit/pdf/support/tool.h"

/* A signed letter is on the disk before it has its name, and its name is on the disk
 * before anybody is told: the calls of the C library are our own here, and noted. */

enum { CALLS_MAX = 8 };
static char calls[CALLS_MAX + 1]; /* f: a file to the disk, d: a folder, r: renamed */
static size_t call_count;
static size_t failing = CALLS_MAX; /* the call that fails */

static bool note(char call)
{
    cr_assert_lt(call_count, CALLS_MAX);
    calls[call_count++] = call;
    errno = EIO;
    return call_count - 1 != failing;
}

int fsync(int fd)
{
    struct stat info;

    cr_assert_eq(fstat(fd, &info), 0);
    bool good = note(S_ISDIR(info.st_mode) ? 'd' : 'f');
    return good ? (int)syscall(SYS_fsync, fd) : -1;
}

int rename(const char *from, const char *to)
{
    return note('r') ? (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0) : -1;
}

static struct tool_folder folder;
static char path[TOOL_PATH];
static char part[TOOL_PATH];

static void begin(void)
{
    tool_folder_init(&folder);
    (void)tool_path(&folder, "letter.pdf", path);
    (void)tool_path(&folder, "letter.pdf.part", part);
    letter_write(path, slice_str("old"));
}

static void end(void)
{
    tool_folder_fini(&folder);
}

TestSuite(durable, .init = begin, .fini = end);

static enum sg_status write_failing_at(size_t call, struct sg_error *why)
{
    call_count = 0;
    failing = call;
    memset(calls, 0, sizeof(calls));
    return pdf_write(path, slice_str("letter "), slice_str("signature"), why);
}

static void expect_content(const char *wanted)
{
    struct slice got = letter_read(path);

    cr_expect(slice_equal(got, slice_str(wanted)));
    letter_free(got);
    cr_expect_neq(access(part, F_OK), 0);
}

Test(durable, bytes_then_name_then_folder)
{
    cr_expect_eq(write_failing_at(CALLS_MAX, NULL), SG_OK);
    cr_expect_str_eq(calls, "frd");
    expect_content("letter signature");
}

Test(durable, bytes_that_do_not_reach_the_disk_get_no_name)
{
    struct sg_error why = {.text = ""};

    cr_expect_eq(write_failing_at(0, &why), SG_IO);
    cr_expect_str_eq(calls, "f");
    cr_expect_not_null(strstr(why.text, part), "%s", why.text);
    expect_content("old");
}

Test(durable, name_that_cannot_be_given_leaves_nothing)
{
    struct sg_error why = {.text = ""};

    cr_expect_eq(write_failing_at(1, &why), SG_IO);
    cr_expect_not_null(strstr(why.text, path), "%s", why.text);
    expect_content("old");
}

Test(durable, folder_that_does_not_reach_the_disk_is_told)
{
    struct sg_error why = {.text = ""};

    cr_expect_eq(write_failing_at(2, &why), SG_IO);
    expect_content("letter signature");
}
