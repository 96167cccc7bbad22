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

enum { CALLS_MAX = 32 };
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

/* Told here, a failure is told by no fsync any more. */
static int lost = -1; /* the file that the disk did not take, once it was waited for */

int sync_file_range(int fd, off64_t offset, off64_t len, unsigned flags)
{
    bool waits = (flags & SYNC_FILE_RANGE_WAIT_AFTER) != 0;

    errno = EIO;
    return waits && fd == lost
               ? -1
               : (int)syscall(SYS_sync_file_range, fd, offset, len, flags);
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

/* --- Many at once ------------------------------------------------------------------ */

enum { MANY = 4 };
static struct pdf_file files[MANY];
static char paths[MANY][TOOL_PATH];

/* The last one in a folder of its own. */
static void name_many(void)
{
    char other[TOOL_PATH];

    cr_assert_eq(mkdir(tool_path(&folder, "other", other), 0700), 0);
    for (size_t i = 0; i < MANY; i++) {
        char name[32];
        (void)snprintf(name, sizeof(name), "%s%zu.pdf", i == MANY - 1 ? "other/" : "", i);
        (void)tool_path(&folder, name, paths[i]);
    }
}

static void begin_many(void)
{
    for (size_t i = 0; i < MANY; i++) {
        pdf_file_begin(&files[i], paths[i], slice_str("letter "), slice_str("signature"));
    }
}

static void end_many(size_t failing_call)
{
    call_count = 0;
    failing = failing_call;
    memset(calls, 0, sizeof(calls));
    pdf_files_end(files, MANY);
}

static void expect_whole(size_t i)
{
    struct slice got = letter_read(paths[i]);

    cr_expect_eq(files[i].status, SG_OK, "%zu: %s", i, files[i].why.text);
    cr_expect(slice_equal(got, slice_str("letter signature")), "%zu", i);
    letter_free(got);
}

static void expect_absent(size_t i, const char *words)
{
    char left[TOOL_PATH + 8];

    (void)snprintf(left, sizeof(left), "%s.part", paths[i]);
    cr_expect_eq(files[i].status, SG_IO, "%zu", i);
    cr_expect_not_null(strstr(files[i].why.text, words), "%s", files[i].why.text);
    cr_expect_neq(access(paths[i], F_OK), 0, "%zu", i);
    cr_expect_neq(access(left, F_OK), 0, "%zu", i);
}

/* All but one are whole. */
static void expect_one_lost(size_t lost_one, const char *words)
{
    for (size_t i = 0; i < MANY; i++) {
        if (i == lost_one) {
            expect_absent(i, words);
        } else {
            expect_whole(i);
        }
    }
}

Test(durable, all_bytes_then_all_names_then_each_folder_once)
{
    name_many();
    begin_many();
    end_many(CALLS_MAX);
    cr_expect_str_eq(calls, "ffffrrrrdd");
    for (size_t i = 0; i < MANY; i++) {
        expect_whole(i);
    }
}

Test(durable, of_many_files_one_that_does_not_reach_the_disk_costs_itself)
{
    name_many();
    begin_many();
    end_many(1);
    cr_expect_str_eq(calls, "ffffrrrdd");
    expect_one_lost(1, paths[1]);
}

Test(durable, a_loss_that_is_told_while_waiting_is_not_passed_over)
{
    name_many();
    begin_many();
    lost = files[2].fd;
    end_many(CALLS_MAX);
    lost = -1;
    cr_expect_str_eq(calls, "fffrrrdd", "no fsync would tell it again");
    expect_one_lost(2, paths[2]);
}

Test(durable, of_many_names_one_that_cannot_be_given_costs_itself)
{
    name_many();
    begin_many();
    end_many(MANY);
    cr_expect_str_eq(calls, "ffffrrrrdd");
    expect_one_lost(0, paths[0]);
}

/* The disk tells a folder's failure once. */
Test(durable, a_folder_that_does_not_reach_the_disk_is_told_of_all_in_it)
{
    name_many();
    begin_many();
    end_many((size_t)2 * MANY);
    cr_expect_str_eq(calls, "ffffrrrrdd");
    for (size_t i = 0; i < MANY - 1; i++) {
        cr_expect_eq(files[i].status, SG_IO, "%zu", i);
        cr_expect_not_null(strstr(files[i].why.text, "folder"), "%s", files[i].why.text);
    }
    expect_whole(MANY - 1);
}

Test(durable, of_many_files_one_without_a_folder_costs_itself)
{
    name_many();
    (void)tool_path(&folder, "absent/letter.pdf", paths[0]);
    begin_many();
    end_many(CALLS_MAX);
    cr_expect_str_eq(calls, "fffrrrdd");
    expect_one_lost(0, "absent");
}

Test(durable, a_file_that_is_lost_takes_no_part_of_another_away)
{
    pdf_file_begin(&files[0], path, slice_str("letter "), slice_str("signature"));
    pdf_file_begin(&files[1], path, slice_str("letter "), slice_str("signature"));
    call_count = 0;
    failing = 0;
    pdf_files_end(files, 2);
    cr_expect_eq(files[0].status, SG_IO);
    cr_expect_eq(files[1].status, SG_OK, "%s", files[1].why.text);
    expect_content("letter signature");
}
