#include <criterion/criterion.h>
#include <stdio.h>

#include "gateway/ledger/ledger.h"
#include "tests/unit/ledger/support/book.h"

/* A lawful ledger of 700 records with checkpoints at 300 and 650; each test changes one
 * fact of the closed file, and the start finds it. What it leaves to be found later is in
 * scrub.c. */
static struct book book;

static void set_up(void)
{
    const struct book_sizes sizes = {.early = 300, .covered = 650, .records = 700};

    book_make_checked(&book, &sizes);
}

static void tear_down(void)
{
    book_remove(&book);
}

TestSuite(evidence, .init = set_up, .fini = tear_down);

static void expect_corrupt(const char *sql)
{
    book_tamper(&book, sql);
    book.why.text[0] = '\0';
    cr_expect_eq(book_try_open(&book), SG_CORRUPT, "%s", sql);
    cr_expect_neq(book.why.text[0], '\0', "%s", sql);
}

Test(evidence, the_lawful_ledger_opens)
{
    book_open(&book);
    cr_expect_eq(book.state.size, 700);
    cr_expect_eq(book.state.checkpoint_size, 650);
}

Test(evidence, a_changed_record_of_the_last_tile_is_found)
{
    expect_corrupt("UPDATE leaf SET rec = CAST('record 666' AS BLOB) WHERE idx = 640");
}

Test(evidence, a_changed_leaf_hash_of_the_last_tile_is_found)
{
    book_open(&book);
    book_add(&book, 68); /* tile 2 is complete */
    book_close(&book);
    expect_corrupt("UPDATE tile SET hashes = CAST(zeroblob(32) || substr(hashes, 33) AS "
                   "BLOB) WHERE n = 2");
}

Test(evidence, a_changed_tile_root_is_found)
{
    expect_corrupt("UPDATE tile SET root = zeroblob(32) WHERE n = 1");
}

Test(evidence, a_missing_tile_is_found)
{
    expect_corrupt("DELETE FROM tile WHERE n = 1");
}

Test(evidence, a_missing_first_tile_is_found)
{
    expect_corrupt("DELETE FROM tile WHERE n = 0");
}

Test(evidence, a_missing_record_is_found)
{
    expect_corrupt("DELETE FROM leaf WHERE idx = 680");
}

Test(evidence, records_cut_off_below_a_checkpoint_are_found)
{
    expect_corrupt("DELETE FROM leaf WHERE idx >= 640");
}

Test(evidence, records_and_tiles_cut_off_below_a_checkpoint_are_found)
{
    expect_corrupt("DELETE FROM leaf WHERE idx >= 256; DELETE FROM tile WHERE n >= 1");
}

Test(evidence, records_cut_off_below_their_tiles_are_found)
{
    expect_corrupt("DELETE FROM checkpoint; DELETE FROM leaf WHERE idx >= 500");
}

Test(evidence, a_rewritten_record_after_the_checkpoint_within_a_tile_is_found)
{
    book_open(&book);
    book_add(&book, 100); /* tile 2 (512 to 767) is complete, the checkpoint inside it */
    book_close(&book);
    expect_corrupt("UPDATE leaf SET rec = CAST('record 666' AS BLOB) WHERE idx = 760");
}

Test(evidence, a_checkpoint_whose_text_was_changed_is_found)
{
    expect_corrupt("UPDATE checkpoint SET note = CAST(replace(note, x'0a3635300a', "
                   "x'0a3635310a') AS BLOB), size = 651 WHERE size = 650");
}

Test(evidence, a_checkpoint_moved_to_another_size_is_found)
{
    expect_corrupt("UPDATE checkpoint SET size = 690 WHERE size = 650");
}

Test(evidence, a_checkpoint_of_another_key_is_found)
{
    struct book other;

    book_make(&other);
    (void)snprintf(book.vkey, sizeof(book.vkey), "%s", other.vkey);
    cr_expect_eq(book_try_open(&book), SG_CORRUPT);
    cr_expect_not_null(strstr(book.why.text, "log key"));
    book_remove(&other);
}

Test(evidence, a_checkpoint_without_a_signature_is_found)
{
    expect_corrupt("UPDATE checkpoint SET note = CAST(substr(note, 1, 60) AS BLOB)");
}

Test(evidence, a_fork_signed_by_the_true_key_is_found)
{
    struct book fork;
    char name[160];
    char sql[512];

    /* Another history under the same origin and key, whose checkpoint is put here. */
    fork = book;
    book_make(&fork);
    EVP_PKEY_free(fork.key);
    fork.key = book.key;
    fork.note_key = book.note_key;
    (void)snprintf(fork.vkey, sizeof(fork.vkey), "%s", book.vkey);
    book_open(&fork);
    cr_assert_eq(ledger_begin(fork.ledger), SG_OK);
    for (unsigned i = 0; i < 660; i++) {
        cr_assert_eq(ledger_append(fork.ledger, slice_str("forked"), NULL), SG_OK);
    }
    cr_assert_eq(ledger_commit(fork.ledger), SG_OK);
    book_checkpoint(&fork);
    book_close(&fork);
    (void)snprintf(name, sizeof(name), "%s", fork.path);
    (void)snprintf(sql, sizeof(sql),
                   "ATTACH '%s' AS other; INSERT INTO main.checkpoint SELECT * FROM "
                   "other.checkpoint",
                   name);
    expect_corrupt(sql);
    fork.key = NULL;
    book_remove(&fork);
}

Test(evidence, a_planted_trigger_does_not_run)
{
    book_tamper(&book,
                "CREATE TRIGGER lie AFTER INSERT ON leaf BEGIN UPDATE leaf SET rec "
                "= x'00' WHERE idx = new.idx; END");
    book_open(&book);
    book_add(&book, 1);
    book_close(&book);
    book_open(&book);
    struct tlog_hash want = book_root(701);
    cr_expect_eq(memcmp(book.state.root, want.bytes, 32), 0);
}
