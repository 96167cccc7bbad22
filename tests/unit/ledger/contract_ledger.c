#include <criterion/criterion.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gateway/ledger/ledger.h"
#include "tests/unit/ledger/support/book.h"
#include "tests/unit/ledger/support/contract.h"

static struct book book;

static void set_up(void)
{
    book_make(&book);
}

static void tear_down(void)
{
    book_remove(&book);
}

static void expect_root(uint64_t size)
{
    struct tlog_hash want = book_root(size);

    cr_expect_eq(book.state.size, size);
    cr_expect_eq(memcmp(book.state.root, want.bytes, sizeof(want.bytes)), 0,
                 "root of %u records", (unsigned)size);
}

CONTRACT(ledger, a_reopened_ledger_has_the_root_of_its_records)
{
    static const unsigned groups[] = {1, 2, 60, 192, 1, 255, 1, 300};
    uint64_t size = 0;

    for (size_t i = 0; i < SG_COUNT(groups); i++) {
        book_open(&book);
        expect_root(size);
        book_add(&book, groups[i]);
        size += groups[i];
        cr_expect_eq(ledger_size(book.ledger), size);
        book_close(&book);
    }
    book_open(&book);
    expect_root(size);
}

CONTRACT(ledger, uncommitted_records_change_neither_size_nor_root)
{
    char before[512];
    char after[512];
    size_t len = 0;

    book_open(&book);
    book_add(&book, 3);
    cr_assert_eq(ledger_checkpoint_text(book.ledger, before, sizeof(before), &len),
                 SG_OK);
    cr_assert_eq(ledger_begin(book.ledger), SG_OK);
    cr_assert_eq(ledger_append(book.ledger, slice_str("late"), NULL), SG_OK);
    cr_expect_eq(ledger_size(book.ledger), 3);
    cr_expect_eq(ledger_next_index(book.ledger), 4);
    book_close(&book);
    book_open(&book);
    expect_root(3);
    cr_assert_eq(ledger_checkpoint_text(book.ledger, after, sizeof(after), &len), SG_OK);
    cr_expect_eq(memcmp(before, after, len), 0);
}

/* Commits in groups of 50 and says so after each, until it is killed; the group in
 * work is large. */
static void commit_for_ever(int pipe_fd)
{
    book_open(&book);
    for (uint64_t size = 0;; size = ledger_size(book.ledger)) {
        if (write(pipe_fd, &size, sizeof(size)) != sizeof(size)) {
            _exit(1);
        }
        book_add(&book, 50);
    }
}

CONTRACT(ledger, a_killed_writer_loses_nothing_it_acknowledged)
{
    for (unsigned round = 0; round < 5; round++) {
        int ends[2];
        uint64_t acknowledged = 0;
        uint64_t size = 0;
        int status = 0;
        cr_assert_eq(pipe(ends), 0);
        pid_t child = fork();
        if (child == 0) {
            commit_for_ever(ends[1]);
        }
        (void)close(ends[1]);
        for (unsigned i = 0; i < 10 + round * 7; i++) {
            cr_assert_eq(read(ends[0], &size, sizeof(size)), (ssize_t)sizeof(size));
            acknowledged = size;
        }
        cr_assert_eq(kill(child, SIGKILL), 0);
        cr_assert_eq(waitpid(child, &status, 0), child);
        cr_expect(WIFSIGNALED(status));
        while (read(ends[0], &size, sizeof(size)) == (ssize_t)sizeof(size)) {
            acknowledged = size;
        }
        (void)close(ends[0]);
        book_open(&book);
        cr_expect_geq(book.state.size, acknowledged);
        cr_expect_eq(book.state.size % 50, 0, "a group is there whole or not at all");
        expect_root(book.state.size);
        book_checkpoint(&book);
        book_close(&book);
    }
}

CONTRACT(ledger, a_writer_killed_inside_a_transaction_leaves_no_trace_of_it)
{
    int ends[2];
    char byte = 0;
    int status = 0;

    book_open(&book);
    book_add(&book, 10);
    book_close(&book);
    cr_assert_eq(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        book_open(&book);
        cr_assert_eq(ledger_begin(book.ledger), SG_OK);
        for (unsigned i = 0; i < 1000; i++) {
            cr_assert_eq(ledger_append(book.ledger, slice_str("gone"), NULL), SG_OK);
        }
        (void)!write(ends[1], "k", 1);
        (void)pause();
    }
    cr_assert_eq(read(ends[0], &byte, 1), 1);
    cr_assert_eq(kill(child, SIGKILL), 0);
    cr_assert_eq(waitpid(child, &status, 0), child);
    (void)close(ends[0]);
    (void)close(ends[1]);
    book_open(&book);
    expect_root(10);
}

CONTRACT(ledger, a_record_too_large_or_empty_is_refused_without_harm)
{
    static uint8_t large[LEDGER_RECORD_MAX + 1];

    book_open(&book);
    cr_assert_eq(ledger_begin(book.ledger), SG_OK);
    cr_expect_eq(ledger_append(book.ledger, slice_of(large, sizeof(large)), NULL),
                 SG_TOO_LARGE);
    cr_expect_eq(ledger_append(book.ledger, slice_of(large, 0), NULL), SG_TOO_LARGE);
    cr_expect_eq(ledger_append(book.ledger, slice_of(large, LEDGER_RECORD_MAX), NULL),
                 SG_OK);
    cr_assert_eq(ledger_commit(book.ledger), SG_OK);
    cr_expect_eq(ledger_size(book.ledger), 1);
}

CONTRACT(ledger, append_gives_the_leaf_hash)
{
    uint8_t hash[32];
    struct tlog_hash want = tlog_leaf(slice_str("text"));

    book_open(&book);
    cr_assert_eq(ledger_begin(book.ledger), SG_OK);
    cr_assert_eq(ledger_append(book.ledger, slice_str("text"), hash), SG_OK);
    cr_assert_eq(ledger_commit(book.ledger), SG_OK);
    cr_expect_eq(memcmp(hash, want.bytes, sizeof(hash)), 0);
}

CONTRACT(ledger, another_origin_is_refused)
{
    struct ledger_options options = {.path = book.path,
                                     .origin = "other.example.go.id/log"};

    book_open(&book);
    book_close(&book);
    cr_expect_eq(ledger_open(&options, &book.ledger, &book.state, &book.why), SG_INVALID);
    cr_expect_neq(book.why.text[0], '\0');
}

CONTRACT(ledger, a_second_writer_is_kept_out)
{
    struct book second = book;

    book_open(&book);
    second.ledger = NULL;
    cr_expect_eq(book_try_open(&second), SG_LEDGER);
    cr_expect_not_null(strstr(second.why.text, "another process"));
}
