#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/ledger/ledger.h"
#include "gateway/ledger/peek.h"
#include "tests/unit/ledger/support/book.h"
#include "tests/unit/ledger/support/older.h"

/* The files of a ledger are where they were opened, and a start finds the ledger that was
 * there before. */

static struct book book;

static void set_up(void)
{
    book_make(&book);
    book_open(&book);
    book_add(&book, 10);
}

static void tear_down(void)
{
    book_remove(&book);
}

TestSuite(place, .init = set_up, .fini = tear_down);

static const char *beside(const char *end)
{
    static char name[BACKEND_WHERE_MAX + 8];

    (void)snprintf(name, sizeof(name), "%s%s", book.path, end);
    return name;
}

static enum sg_status add_one(void)
{
    TRY(ledger_begin(book.ledger));
    TRY(ledger_append(book.ledger, slice_str("lost"), NULL));
    return ledger_commit(book.ledger);
}

static void expect_gone(const char *end)
{
    cr_expect_eq(add_one(), SG_LEDGER, "%s", end);
    cr_expect_not_null(strstr(ledger_why(book.ledger), beside(end)), "%s",
                       ledger_why(book.ledger));
    cr_expect_eq(ledger_begin(book.ledger), SG_LEDGER, "it latches");
}

Test(place, no_commit_counts_in_a_database_that_was_removed)
{
    cr_assert_eq(unlink(book.path), 0);
    expect_gone("");
}

Test(place, no_commit_counts_in_a_wal_that_was_removed)
{
    cr_assert_eq(unlink(beside("-wal")), 0);
    expect_gone("-wal");
}

Test(place, no_commit_counts_in_a_database_that_was_renamed)
{
    char kept[BACKEND_WHERE_MAX + 8];

    (void)snprintf(kept, sizeof(kept), "%s.kept", book.path);
    cr_assert_eq(rename(book.path, kept), 0);
    expect_gone("");
    cr_expect_eq(unlink(kept), 0);
}

Test(place, no_commit_counts_in_a_database_that_was_replaced)
{
    cr_assert_eq(unlink(book.path), 0);
    int fd = open(book.path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    cr_assert_geq(fd, 0);
    (void)close(fd);
    expect_gone("");
}

Test(place, one_that_nobody_writes_is_missed_within_the_second)
{
    static const char *const ends[] = {"", "-wal", "-shm", ".lock"};

    for (size_t i = 0; i < SG_COUNT(ends); i++) {
        cr_expect_eq(ledger_idle(book.ledger), SG_OK);
        cr_assert_eq(unlink(beside(ends[i])), 0, "%s", ends[i]);
        cr_expect_eq(ledger_idle(book.ledger), SG_LEDGER, "%s", ends[i]);
        cr_expect_not_null(strstr(ledger_why(book.ledger), beside(ends[i])));
        tear_down();
        set_up();
    }
}

/* Neither the WAL's index nor the lock holds a record: an older copy would lose some. */
Test(place, a_lock_or_an_index_of_the_wal_that_is_gone_asks_for_no_older_copy)
{
    static const char *const ends[] = {"-shm", ".lock"};

    for (size_t i = 0; i < SG_COUNT(ends); i++) {
        cr_assert_eq(unlink(beside(ends[i])), 0, "%s", ends[i]);
        cr_expect_eq(ledger_idle(book.ledger), SG_LEDGER, "%s", ends[i]);
        cr_expect_null(strstr(ledger_why(book.ledger), "backup"), "%s",
                       ledger_why(book.ledger));
        cr_expect_not_null(strstr(ledger_why(book.ledger), "all are there"));
        book_close(&book);
        book_open(&book);
        struct tlog_hash want = book_root(10);
        cr_expect_eq(book.state.size, 10);
        cr_expect_eq(memcmp(book.state.root, want.bytes, 32), 0);
    }
    cr_assert_eq(unlink(beside("-wal")), 0);
    cr_expect_eq(ledger_idle(book.ledger), SG_LEDGER);
    cr_expect_not_null(strstr(ledger_why(book.ledger), "its newest backup"));
}

Test(place, a_start_without_the_ledger_that_was_there_is_refused)
{
    book_close(&book);
    cr_assert_eq(unlink(book.path), 0);
    cr_expect_eq(book_try_open(&book), SG_LEDGER);
    cr_expect_not_null(strstr(book.why.text, ".lock' first"), "%s", book.why.text);
    cr_expect_neq(access(book.path, F_OK), 0, "none is made");
    cr_assert_eq(unlink(beside(".lock")), 0);
    cr_expect_eq(book_try_open(&book), SG_OK, "%s", book.why.text);
}

Test(place, a_start_on_an_emptied_ledger_is_refused)
{
    book_close(&book);
    cr_assert_eq(truncate(book.path, 0), 0);
    cr_expect_eq(book_try_open(&book), SG_LEDGER);
}

Test(place, a_ledger_of_an_older_version_is_remembered_from_its_next_start_on)
{
    book_close(&book);
    cr_assert_eq(truncate(beside(".lock"), 0), 0);
    book_open(&book);
    book_close(&book);
    cr_assert_eq(unlink(book.path), 0);
    cr_expect_eq(book_try_open(&book), SG_LEDGER);
}

Test(place, a_ledger_without_records_may_be_begun_again)
{
    tear_down();
    book_make(&book);
    book_open(&book);
    book_close(&book);
    cr_assert_eq(unlink(book.path), 0);
    cr_expect_eq(book_try_open(&book), SG_OK, "%s", book.why.text);
}

Test(place, a_folder_in_its_place_is_refused_and_left_as_it_was)
{
    struct stat found;
    char inner[BACKEND_WHERE_MAX];

    tear_down();
    book_make(&book);
    (void)snprintf(inner, sizeof(inner), "%s", book.path);
    cr_assert_eq(mkdir(inner, 0755), 0);
    cr_assert_eq(chmod(inner, 0755), 0);
    cr_expect_eq(book_try_open(&book), SG_IO);
    cr_expect_not_null(strstr(book.why.text, "no file"), "%s", book.why.text);
    cr_assert_eq(stat(inner, &found), 0);
    cr_expect_eq(found.st_mode & 07777, 0755);
    cr_expect_eq(rmdir(inner), 0);
}

static void expect_a_link_is_refused(void)
{
    const struct ledger_options options = {.path = book.path, .origin = BOOK_ORIGIN};
    struct ledger_peek found;

    cr_expect_eq(ledger_peek(&options, &found, &book.why), SG_INVALID);
    cr_expect_not_null(strstr(book.why.text, "symbolic link"), "%s", book.why.text);
    ledger_peek_fini(&found);
    book.why.text[0] = '\0';
    cr_expect_eq(book_try_open(&book), SG_INVALID);
    cr_expect_not_null(strstr(book.why.text, "symbolic link"), "%s", book.why.text);
    cr_expect_neq(access(beside(".lock"), F_OK), 0, "a lock of the link was made");
}

/* Led on by a start that fails behind it, no older version could open it. */
Test(place, a_link_to_an_older_ledger_is_refused_and_the_ledger_left_as_it_was)
{
    char target[BACKEND_WHERE_MAX + 8];
    struct stat before;
    struct stat after;

    tear_down();
    book_make(&book);
    older_write(&book, 3);
    (void)snprintf(target, sizeof(target), "%s.other", book.path);
    cr_assert_eq(rename(book.path, target), 0);
    cr_assert_eq(symlink(target, book.path), 0);
    cr_assert_eq(stat(target, &before), 0);
    expect_a_link_is_refused();
    cr_assert_eq(stat(target, &after), 0);
    cr_expect_eq(after.st_mtim.tv_nsec, before.st_mtim.tv_nsec, "it was written");
    cr_expect_eq(after.st_size, before.st_size);
    cr_expect_eq(unlink(target), 0);
}
