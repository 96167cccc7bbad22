#define _GNU_SOURCE /* renameat2 */
#include "client/batch/journal.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "proto/algorithm.h"

static const char run_id[] = "0123456789abcdef";
static char dir[] = "/tmp/segel-journal-XXXXXX";
static char path[64];
static struct journal *journal;
static struct sg_error why;

/* What the file system says to each of both ways to name a file; 0: it does it. They
 * stand in the place of libc's. */
static int no_link;
static int no_rename;

int link(const char *from, const char *to)
{
    errno = no_link;
    return no_link == 0 ? linkat(AT_FDCWD, from, AT_FDCWD, to, 0) : -1;
}

int renameat2(int from_dir, const char *from, int to_dir, const char *to,
              unsigned int flags)
{
    errno = no_rename;
    return no_rename == 0 ? (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, flags)
                          : -1;
}

static void setup(void)
{
    cr_assert(mkdtemp(dir) != NULL);
    (void)snprintf(path, sizeof(path), "%s/j", dir);
    cr_assert_eq(journal_make(path, run_id, false, &journal, &why), SG_OK, "%s",
                 why.text);
}

static void teardown(void)
{
    journal_close(journal);
    (void)unlink(path);
    (void)rmdir(dir);
}

TestSuite(journal, .init = setup, .fini = teardown);

static uint32_t add(const char *output, int64_t time)
{
    struct journal_letter letter = {.signing_time_us = time, .size = 7};

    letter.input[3] = 9;
    cr_assert_eq(journal_add(journal, &letter, "in\tput\n.pdf", output, &why), SG_OK);
    return letter.number;
}

static void sync_it(void)
{
    cr_assert_eq(journal_sync(journal, &why), SG_OK);
}

static enum sg_status open_again(void)
{
    journal_close(journal);
    journal = NULL;
    return journal_open(path, &journal, &why);
}

static void append(const char *text)
{
    FILE *file = fopen(path, "a");

    cr_assert(file != NULL && fputs(text, file) >= 0);
    (void)fclose(file);
}

Test(journal, gives_back_what_was_kept)
{
    char id[JOURNAL_ID_SIZE];

    (void)add("a.pdf", 1000);
    uint32_t second = add("b\\c\t.pdf", 2000);
    sync_it();
    cr_assert_eq(journal_settle(journal, second, JOURNAL_SIGNED, 42, &why), SG_OK);
    cr_assert_eq(open_again(), SG_OK, "%s", why.text);
    cr_assert_eq(journal_count(journal), 2);
    const struct journal_letter *first = journal_find(journal, "a.pdf");
    cr_assert(first != NULL && first->signing_time_us == 1000);
    cr_expect_eq(first->state, JOURNAL_PENDING);
    cr_expect_eq(first->input[3], 9);
    cr_expect_eq(first->size, 7);
    const struct journal_letter *other = journal_find(journal, "b\\c\t.pdf");
    cr_assert(other != NULL);
    cr_expect_eq(other->state, JOURNAL_SIGNED);
    cr_expect_eq(other->log_index, 42);
    cr_expect(journal_find(journal, "c.pdf") == NULL);
    journal_id(journal, other, id);
    cr_expect_str_eq(id, "0123456789abcdef-000002");
}

Test(journal, keeps_the_room_and_the_hash_of_a_letter)
{
    struct journal_letter letter = {.room = 4099, .hash = SG_HASH_SHA384};

    cr_assert_eq(journal_add(journal, &letter, "in.pdf", "a.pdf", &why), SG_OK);
    sync_it();
    cr_assert_eq(open_again(), SG_OK, "%s", why.text);
    const struct journal_letter *kept = journal_find(journal, "a.pdf");
    cr_assert_not_null(kept);
    cr_expect_eq(kept->room, 4099);
    cr_expect_eq(kept->hash, SG_HASH_SHA384);
}

/* As it was written before they were kept. */
Test(journal, goes_on_with_one_that_keeps_no_room)
{
    static const char old[] =
        "segel-run\t1\t0123456789abcdef\teb5b982b\n"
        "+\t1\t1000\t7\t5\t09090909090909090909090909090909090909090909090909090909090909"
        "09\t07070707070707070707070707070707\tin.pdf\ta.pdf\t25abc0d4\n";

    cr_assert_eq(truncate(path, 0), 0);
    append(old);
    cr_assert_eq(open_again(), SG_OK, "%s", why.text);
    const struct journal_letter *kept = journal_find(journal, "a.pdf");
    cr_assert_not_null(kept);
    cr_expect_eq(kept->signing_time_us, 1000);
    cr_expect_eq(kept->room, 0);
    cr_expect_eq(kept->hash, SG_HASH_NONE);
    cr_expect_eq(add("b.pdf", 2), 2);
}

Test(journal, notes_that_a_run_was_begun_to_overwrite)
{
    cr_expect_not(journal_forces(journal));
    cr_assert_eq(open_again(), SG_OK, "%s", why.text);
    cr_expect_not(journal_forces(journal));
    journal_remove(journal);
    cr_assert_eq(journal_make(path, run_id, true, &journal, &why), SG_OK, "%s", why.text);
    cr_expect(journal_forces(journal));
    cr_assert_eq(open_again(), SG_OK, "%s", why.text);
    cr_expect(journal_forces(journal));
}

/* Of which it is not known. */
Test(journal, goes_on_with_one_that_does_not_note_it)
{
    cr_assert_eq(truncate(path, 0), 0);
    append("segel-run\t2\t0123456789abcdef\t9f6c6997\n");
    cr_assert_eq(open_again(), SG_OK, "%s", why.text);
    cr_expect_not(journal_forces(journal));
}

Test(journal, goes_on_with_higher_numbers)
{
    (void)add("a.pdf", 1);
    sync_it();
    cr_assert_eq(open_again(), SG_OK);
    cr_expect_eq(add("b.pdf", 2), 2);
    cr_expect_eq(add("a.pdf", 3), 3);
    cr_expect_eq(journal_find(journal, "a.pdf")->number, 3);
}

Test(journal, holds_many)
{
    char name[32];

    for (int i = 0; i < 3000; i++) {
        (void)snprintf(name, sizeof(name), "%d.pdf", i);
        cr_assert_eq(add(name, i), (uint32_t)i + 1);
    }
    sync_it();
    cr_assert_eq(open_again(), SG_OK);
    for (int i = 0; i < 3000; i++) {
        (void)snprintf(name, sizeof(name), "%d.pdf", i);
        cr_assert_eq(journal_find(journal, name)->number, (uint32_t)i + 1);
    }
}

Test(journal, cuts_off_what_is_torn_at_any_byte)
{
    struct stat facts;

    (void)add("a.pdf", 1);
    sync_it();
    cr_assert_eq(stat(path, &facts), 0);
    off_t first = facts.st_size;
    (void)add("b.pdf", 2);
    sync_it();
    cr_assert_eq(stat(path, &facts), 0);
    for (off_t size = facts.st_size - 1; size >= first; size--) {
        cr_assert_eq(truncate(path, size), 0);
        cr_assert_eq(open_again(), SG_OK, "%s", why.text);
        cr_assert_eq(journal_count(journal), 1);
        cr_assert(stat(path, &facts) == 0 && facts.st_size == first);
    }
    cr_expect_eq(add("c.pdf", 3), 2, "it can be written behind the cut");
    sync_it();
    cr_expect_eq(open_again(), SG_OK);
    cr_expect_eq(journal_count(journal), 2);
}

Test(journal, takes_no_line_whose_sum_is_wrong)
{
    append("=\t1\tsigned\t1\t00000000\n");
    append("+\tnonsense\n");
    cr_assert_eq(open_again(), SG_OK);
    cr_expect_eq(journal_count(journal), 0);
}

Test(journal, is_not_cut_where_it_must_have_been_whole)
{
    static char lines[JOURNAL_TORN_MAX + 100];

    (void)add("a.pdf", 1);
    sync_it();
    memset(lines, '\n', sizeof(lines) - 1);
    append(lines);
    cr_expect_eq(open_again(), SG_CORRUPT);
    cr_expect(strstr(why.text, "line 3") != NULL, "%s", why.text);
}

Test(journal, serves_one_process)
{
    struct journal *other = NULL;

    cr_expect_eq(journal_open(path, &other, &why), SG_BUSY);
    cr_expect_eq(journal_make(path, run_id, false, &other, &why), SG_CONFLICT);
}

static enum sg_status make_another(int link_error, int rename_error)
{
    struct journal *other = NULL;
    char another[80];

    (void)snprintf(another, sizeof(another), "%s/k", dir);
    no_link = link_error;
    no_rename = rename_error;
    enum sg_status status = journal_make(another, run_id, false, &other, &why);
    struct journal *second = NULL;
    if (status == SG_OK) {
        cr_expect_str_eq(journal_path(other), another);
        cr_expect_eq(journal_open(another, &second, &why), SG_BUSY, "it is locked");
        cr_expect_eq(journal_make(another, run_id, false, &second, &why), SG_CONFLICT);
        journal_remove(other);
    }
    no_link = no_rename = 0;
    return status;
}

Test(journal, begins_where_files_have_one_name_only)
{
    cr_expect_eq(make_another(EPERM, 0), SG_OK, "FAT: %s", why.text);
    cr_expect_eq(make_another(EOPNOTSUPP, 0), SG_OK, "%s", why.text);
    cr_expect_eq(make_another(0, EINVAL), SG_OK, "NFS: %s", why.text);
    cr_expect_eq(make_another(EPERM, EINVAL), SG_IO);
    cr_expect(strstr(why.text, "its file system") != NULL &&
                  strstr(why.text, "--journal") != NULL,
              "%s", why.text);
    cr_expect_eq(rmdir(dir), -1, "only the journal of the test");
    journal_remove(journal);
    journal = NULL;
    cr_expect_eq(rmdir(dir), 0, "a file was left behind");
}

Test(journal, is_told_from_other_files)
{
    journal_remove(journal);
    journal = NULL;
    cr_expect_eq(journal_open(path, &journal, &why), SG_NOT_FOUND);
    append("some text\n");
    cr_expect_eq(journal_open(path, &journal, &why), SG_CORRUPT);
}
