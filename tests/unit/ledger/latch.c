#include <criterion/criterion.h>
#include <signal.h>
#include <sys/resource.h>

#include "gateway/ledger/ledger.h"
#include "tests/unit/ledger/support/book.h"
#include "tests/unit/ledger/support/faulty.h"

static struct book book;

static void set_up(void)
{
    faulty_install();
    book_make(&book);
    book_open(&book);
    book_add(&book, 10);
}

static void tear_down(void)
{
    book_remove(&book);
}

TestSuite(latch, .init = set_up, .fini = tear_down);

/* Nothing that writes or reads may work any more, and the tree stands where it was. */
static void expect_latched(void)
{
    struct claim claim = book_claim("r1");
    uint8_t id[32] = {0};
    uint8_t out[64];
    char text[512];
    size_t len = 0;

    cr_expect_neq(ledger_why(book.ledger)[0], '\0');
    cr_expect_eq(ledger_begin(book.ledger), SG_LEDGER);
    cr_expect_eq(ledger_append(book.ledger, slice_str("x"), NULL), SG_LEDGER);
    cr_expect_eq(ledger_commit(book.ledger), SG_LEDGER);
    cr_expect_eq(ledger_claim(book.ledger, &claim), SG_LEDGER);
    cr_expect_eq(ledger_settle(book.ledger, &claim), SG_LEDGER);
    cr_expect_eq(ledger_find(book.ledger, "e-office", "r1", &claim), SG_LEDGER);
    cr_expect_eq(ledger_next_open(book.ledger, &claim), SG_LEDGER);
    cr_expect_eq(ledger_keep_template(book.ledger, id, slice_str("t")), SG_LEDGER);
    cr_expect_eq(ledger_find_template(book.ledger, id, out, sizeof(out), &len),
                 SG_LEDGER);
    cr_expect_eq(ledger_checkpoint_text(book.ledger, text, sizeof(text), &len),
                 SG_LEDGER);
    cr_expect_eq(ledger_checkpoint_store(book.ledger, slice_str("n")), SG_LEDGER);
    cr_expect_eq(ledger_idle(book.ledger), SG_LEDGER);
    cr_expect_eq(ledger_set_log_key(book.ledger, book.vkey, &book.why), SG_LEDGER);
    cr_expect_eq(ledger_size(book.ledger), 10);
}

static void fail_commit(enum fault fault)
{
    cr_assert_eq(ledger_begin(book.ledger), SG_OK);
    cr_assert_eq(ledger_append(book.ledger, slice_str("lost"), NULL), SG_OK);
    faulty_set(fault);
    cr_expect_eq(ledger_commit(book.ledger), SG_LEDGER);
    faulty_set(FAULT_NONE); /* the disk is well again: that must not help */
    expect_latched();
}

Test(latch, a_healthy_ledger_gives_no_reason)
{
    cr_expect_str_eq(ledger_why(book.ledger), "");
}

Test(latch, a_full_disk_stops_everything)
{
    fail_commit(FAULT_WRITE_FULL);
}

Test(latch, a_write_error_stops_everything)
{
    fail_commit(FAULT_WRITE_EIO);
}

Test(latch, a_failed_fsync_stops_everything)
{
    fail_commit(FAULT_SYNC_EIO);
}

Test(latch, the_first_reason_is_kept)
{
    struct sg_error first;

    fail_commit(FAULT_SYNC_EIO);
    memcpy(first.text, ledger_why(book.ledger), strlen(ledger_why(book.ledger)) + 1);
    expect_latched();
    cr_expect_str_eq(first.text, ledger_why(book.ledger));
}

Test(latch, a_failed_checkpoint_stops_everything)
{
    char text[512];
    char note[1024];
    size_t len = 0;

    cr_assert_eq(ledger_checkpoint_text(book.ledger, text, sizeof(text), &len), SG_OK);
    struct slice signed_note = book_sign(&book, slice_of(text, len), note, sizeof(note));
    faulty_set(FAULT_SYNC_EIO);
    cr_expect_eq(ledger_checkpoint_store(book.ledger, signed_note), SG_LEDGER);
    faulty_set(FAULT_NONE);
    cr_expect_eq(ledger_checkpoint_size(book.ledger), 0);
    expect_latched();
}

Test(latch, a_failed_write_back_stops_everything)
{
    faulty_set(FAULT_SYNC_EIO);
    cr_expect_eq(ledger_idle(book.ledger), SG_LEDGER);
    faulty_set(FAULT_NONE);
    expect_latched();
}

Test(latch, a_limit_on_the_file_size_stops_everything)
{
    static uint8_t record[8000];
    struct rlimit limit = {262144, 262144};
    enum sg_status status = SG_OK;

    (void)signal(SIGXFSZ, SIG_IGN);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    cr_assert_eq(ledger_begin(book.ledger), SG_OK);
    for (unsigned i = 0; i < 200 && status == SG_OK; i++) {
        status = ledger_append(book.ledger, slice_of(record, sizeof(record)), NULL);
    }
    cr_expect_eq(status == SG_OK ? ledger_commit(book.ledger) : status, SG_LEDGER);
    expect_latched();
}

Test(latch, the_next_start_reads_what_is_there)
{
    fail_commit(FAULT_WRITE_EIO);
    book_close(&book);
    book_open(&book);
    cr_expect_str_eq(ledger_why(book.ledger), "");
    cr_expect_eq(book.state.size, 10);
    book_add(&book, 5);
    cr_expect_eq(ledger_size(book.ledger), 15);
}

Test(latch, after_a_failed_fsync_the_next_start_stands_on_either_side)
{
    fail_commit(FAULT_SYNC_EIO);
    book_close(&book);
    book_open(&book);
    cr_expect(book.state.size == 10 || book.state.size == 11);
}

Test(latch, idle_work_is_due_when_there_is_much_of_it)
{
    cr_assert_eq(ledger_idle(book.ledger), SG_OK);
    cr_expect_not(ledger_idle_due(book.ledger));
    book_add(&book, 10);
    cr_expect_not(ledger_idle_due(book.ledger), "a little waits for the second's end");
    while (!ledger_idle_due(book.ledger)) {
        book_add(&book, 1000);
        cr_assert_lt(ledger_size(book.ledger), 1000000);
    }
    cr_expect_eq(ledger_idle(book.ledger), SG_OK);
    cr_expect_not(ledger_idle_due(book.ledger));
}

Test(latch, idle_work_does_no_harm)
{
    cr_expect_eq(ledger_idle(book.ledger), SG_OK);
    book_add(&book, 300);
    cr_expect_eq(ledger_idle(book.ledger), SG_OK);
    cr_expect_eq(ledger_idle(book.ledger), SG_OK);
    book_close(&book);
    book_open(&book);
    struct tlog_hash want = book_root(310);
    cr_expect_eq(memcmp(book.state.root, want.bytes, 32), 0);
}
