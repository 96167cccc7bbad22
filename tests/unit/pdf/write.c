#define _GNU_SOURCE /* NOLINT: the name is the C library's */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/unit/pdf/support/letter.h"
#include "tests/unit/pdf/support/tool.h"

/* A signed file is there whole or not at all. */

static struct tool_folder folder;
static char path[TOOL_PATH];
static char part[TOOL_PATH];

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

TestSuite(write, .init = begin, .fini = end);

static void expect_content(const char *wanted)
{
    struct slice got = letter_read(path);

    cr_expect(slice_equal(got, slice_str(wanted)));
    letter_free(got);
}

Test(write, file_is_the_input_and_the_appendix)
{
    cr_expect_eq(pdf_write(path, slice_str("letter "), slice_str("signature"), NULL),
                 SG_OK);
    expect_content("letter signature");
    cr_expect_neq(access(part, F_OK), 0);
}

Test(write, leftover_of_a_broken_run_is_written_over)
{
    letter_write(part, slice_str("half of something much longer than the letter"));
    cr_expect_eq(pdf_write(path, slice_str("letter"), slice_str("!"), NULL), SG_OK);
    expect_content("letter!");
}

/* The size limit stands for a full disk: the write breaks off in the middle. */
Test(write, write_that_breaks_off_leaves_the_old_file)
{
    const struct rlimit small = {.rlim_cur = 8, .rlim_max = 8};
    struct sg_error why = {0};

    letter_write(path, slice_str("old"));
    (void)signal(SIGXFSZ, SIG_IGN);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
    cr_expect_eq(pdf_write(path, slice_str("letter "), slice_str("signature"), &why),
                 SG_IO);
    cr_expect_not_null(strstr(why.text, part), "%s", why.text);
    expect_content("old");
    cr_expect_neq(access(part, F_OK), 0);
}

Test(write, missing_folder_is_named)
{
    char missing[TOOL_PATH];
    struct sg_error why = {0};

    (void)tool_path(&folder, "no/letter.pdf", missing);
    cr_expect_eq(pdf_write(missing, slice_str("a"), slice_str("b"), &why), SG_IO);
    cr_expect_not_null(strstr(why.text, missing), "%s", why.text);
}

Test(write, symbolic_link_in_the_way_is_not_followed)
{
    char other[TOOL_PATH];

    letter_write(tool_path(&folder, "other", other), slice_str("untouched"));
    cr_assert_eq(symlink(other, part), 0);
    cr_expect_eq(pdf_write(path, slice_str("a"), slice_str("b"), NULL), SG_IO);
    struct slice got = letter_read(other);
    cr_expect(slice_equal(got, slice_str("untouched")));
    letter_free(got);
}

/* --- What appears while a letter is written ---------------------------------------- */

static struct pdf_file one;

static void write_over(const char *there)
{
    pdf_file_begin(&one, path, slice_str("letter "), slice_str("signature"));
    letter_write(path, slice_str(there));
    one.own = one.len;
    pdf_files_end(&one, 1);
}

/* As "A.pdf" is, too, where "a.pdf" is there and the case of names is nothing. */
Test(write, what_appears_under_a_letters_name_is_left)
{
    write_over("other");
    cr_expect_eq(one.status, SG_IO);
    cr_expect_not_null(strstr(one.why.text, "is there already"), "%s", one.why.text);
    expect_content("other");
    cr_expect_neq(access(part, F_OK), 0);
}

Test(write, what_differs_in_the_last_byte_is_another)
{
    write_over("letter signaturE");
    cr_expect_eq(one.status, SG_IO);
    expect_content("letter signaturE");
}

/* A run was killed when the letter had its name, and before anybody was told. */
Test(write, the_same_letter_by_an_earlier_try_is_written_again)
{
    write_over("letter signature");
    cr_expect_eq(one.status, SG_OK, "%s", one.why.text);
    expect_content("letter signature");
}

/* Somebody countersigned it, or had it extended in its place. */
Test(write, what_was_added_to_the_letter_is_left)
{
    write_over("letter signature and another");
    cr_expect_eq(one.status, SG_IO);
    cr_expect_not_null(strstr(one.why.text, "is there already"), "%s", one.why.text);
    expect_content("letter signature and another");
}

Test(write, a_letter_by_a_new_name_is_there)
{
    cr_expect_eq(pdf_write_new(path, slice_str("letter "), slice_str("!"), NULL), SG_OK);
    expect_content("letter !");
    cr_expect_neq(access(part, F_OK), 0);
}

Test(write, of_what_is_extended_the_first_bytes_count)
{
    letter_write(path, slice_str("letter signed before"));
    cr_expect_eq(pdf_write_new(path, slice_str("letter "), slice_str("!"), NULL), SG_OK);
    expect_content("letter !");
    cr_expect_eq(pdf_write_new(path, slice_str("another "), slice_str("!"), NULL), SG_IO);
    expect_content("letter !");
}

/* --- Two that meet on the disk ----------------------------------------------------- */

static struct pdf_file files[2];

static void write_both(const char *first, const char *second)
{
    pdf_file_begin(&files[0], first, slice_str("first "), slice_str("letter"));
    pdf_file_begin(&files[1], second, slice_str("second "), slice_str("letter"));
    pdf_files_end(files, 2);
}

static void expect_file(const char *at, const char *wanted)
{
    struct slice got = letter_read(at);

    cr_expect(slice_equal(got, slice_str(wanted)), "%s", at);
    letter_free(got);
}

Test(write, a_letter_never_gets_the_bytes_of_one_that_took_its_part)
{
    write_both(part, path);
    cr_expect_eq(files[0].status, SG_OK, "%s", files[0].why.text);
    expect_file(part, "first letter");
    cr_expect_eq(files[1].status, SG_IO);
    cr_expect_not_null(strstr(files[1].why.text, part), "%s", files[1].why.text);
    cr_expect_neq(access(path, F_OK), 0);
}

Test(write, a_letter_that_has_its_name_first_leaves_the_part_to_the_other)
{
    write_both(path, part);
    cr_expect_eq(files[0].status, SG_OK, "%s", files[0].why.text);
    cr_expect_eq(files[1].status, SG_OK, "%s", files[1].why.text);
    expect_file(path, "first letter");
    expect_file(part, "second letter");
}

/* As "a.pdf" and "A.pdf" are, where the case of letters is nothing. */
Test(write, two_letters_with_one_part_are_never_mixed)
{
    write_both(path, path);
    cr_expect_eq(files[0].status, SG_IO);
    cr_expect_eq(files[1].status, SG_OK, "%s", files[1].why.text);
    expect_content("second letter");
    cr_expect_neq(access(part, F_OK), 0);
}
