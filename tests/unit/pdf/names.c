#define _GNU_SOURCE /* NOLINT: the name is the C library's; renameat2 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/unit/pdf/support/letter.h"
#include "tests/unit/pdf/support/tool.h"

/* A signed letter gets a name that is free, by whatever its file system knows: what that
 * says to each way stands here in the place of libc's. 0: it does it. */
static int no_rename;
static int no_link;

int renameat2(int from_dir, const char *from, int to_dir, const char *to,
              unsigned int flags)
{
    errno = no_rename;
    return no_rename == 0 ? (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, flags)
                          : -1;
}

int link(const char *from, const char *to)
{
    errno = no_link;
    return no_link == 0 ? linkat(AT_FDCWD, from, AT_FDCWD, to, 0) : -1;
}

static struct tool_folder folder;
static char path[TOOL_PATH];
static char part[TOOL_PATH];
static struct sg_error why;

static void begin(void)
{
    tool_folder_init(&folder);
    (void)tool_path(&folder, "letter.pdf", path);
    (void)tool_path(&folder, "letter.pdf.part", part);
}

static void end(void)
{
    tool_folder_fini(&folder);
}

TestSuite(names, .init = begin, .fini = end);

static enum sg_status write_new(void)
{
    return pdf_write_new(path, slice_str("letter "), slice_str("signature"), &why);
}

static void expect_content(const char *wanted)
{
    struct slice got = letter_read(path);

    cr_expect(slice_equal(got, slice_str(wanted)));
    letter_free(got);
    cr_expect_neq(access(part, F_OK), 0);
}

static void expect_a_free_name_is_given_and_another_is_not(void)
{
    cr_expect_eq(write_new(), SG_OK, "%s", why.text);
    expect_content("letter signature");
    cr_assert_eq(unlink(path), 0);
    letter_write(path, slice_str("other"));
    cr_expect_eq(write_new(), SG_IO);
    cr_expect_not_null(strstr(why.text, "is there already"), "%s", why.text);
    expect_content("other");
}

Test(names, are_given_where_a_rename_leaves_what_is_there)
{
    expect_a_free_name_is_given_and_another_is_not();
}

Test(names, are_given_where_only_a_link_does)
{
    no_rename = EINVAL;
    expect_a_free_name_is_given_and_another_is_not();
}

Test(names, are_given_where_neither_is_known)
{
    no_rename = EINVAL;
    no_link = EPERM;
    expect_a_free_name_is_given_and_another_is_not();
}

Test(names, that_cannot_be_given_are_told)
{
    no_rename = EACCES;
    cr_expect_eq(write_new(), SG_IO);
    cr_expect_not_null(strstr(why.text, "cannot rename to"), "%s", why.text);
    cr_expect_neq(access(part, F_OK), 0);
}
