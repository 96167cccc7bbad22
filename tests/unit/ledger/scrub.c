#include <criterion/criterion.h>
#include <stdio.h>

#include "gateway/ledger/ledger.h"
#include "gateway/ledger/reader.h"
#include "tests/unit/ledger/support/book.h"

/* What a start does not look at is found while the gateway runs. A lawful log with a
 * complete tile of the second level and a checkpoint inside its last tile; each test
 * changes one fact of the closed file. */
enum { RECORDS = 65536 + 700, EARLY = 300, COVERED = 65536 + 650 };
static struct book book;
static struct ledger_reader *reader;
static struct sg_error why;

static void set_up(void)
{
    book_make(&book);
    book_open(&book);
    book_add(&book, EARLY);
    book_checkpoint(&book);
    book_add(&book, COVERED - EARLY);
    book_checkpoint(&book);
    book_add(&book, RECORDS - COVERED);
    book_close(&book);
}

static void close_reader(void)
{
    ledger_reader_close(reader);
    reader = NULL;
}

static void tear_down(void)
{
    close_reader();
    book_remove(&book);
}

TestSuite(scrub, .init = set_up, .fini = tear_down);

/* A whole pass; how many records it hashed. */
static enum sg_status scrub(uint64_t *records)
{
    struct scrub_progress progress = {0};
    unsigned steps = 0;

    close_reader();
    why.text[0] = '\0';
    cr_assert_eq(ledger_reader_open(book.path, &reader, &why), SG_OK, "%s", why.text);
    enum sg_status status = ledger_scrub_begin(reader, book.vkey, &why);
    while (status == SG_OK && steps++ < 10000) {
        status = ledger_scrub_step(reader, &progress, &why);
    }
    *records = progress.records;
    return status;
}

static void expect_found(const char *sentence)
{
    uint64_t records = 0;

    cr_expect_eq(scrub(&records), SG_CORRUPT, "%s", sentence);
    cr_expect_not_null(strstr(why.text, sentence), "'%s' in: %s", sentence, why.text);
}

/* The start believes the file, and the check does not. */
static void expect_left_to_the_check(const char *sql, const char *sentence)
{
    book_tamper(&book, sql);
    book_open(&book);
    expect_found(sentence);
}

Test(scrub, a_log_without_a_checkpoint_is_not_begun)
{
    uint64_t records = 0;

    book_tamper(&book, "DELETE FROM checkpoint");
    book_open(&book);
    cr_expect_eq(scrub(&records), SG_NOT_FOUND);
    cr_expect_eq(records, 0);
}

/* --- What the start leaves ---------------------------------------------------------- */

Test(scrub, a_changed_old_record_is_found)
{
    expect_left_to_the_check(
        "UPDATE leaf SET rec = CAST('record 666' AS BLOB) WHERE idx = 5",
        "record and leaf hash differ at 5)");
}

Test(scrub, a_missing_old_record_is_found)
{
    expect_left_to_the_check("DELETE FROM leaf WHERE idx = 4242",
                             "there is no record 4242)");
}

Test(scrub, a_changed_leaf_hash_is_found_in_any_tile)
{
    expect_left_to_the_check(
        "UPDATE tile SET hashes = CAST(substr(hashes, 1, 32) || zeroblob(32) || "
        "substr(hashes, 65) AS BLOB) WHERE level = 0 AND n = 7",
        "record and leaf hash differ at 1793)");
}

Test(scrub, a_tile_cut_short_is_found)
{
    expect_left_to_the_check("UPDATE tile SET hashes = CAST(substr(hashes, 33) AS BLOB)"
                             " WHERE level = 0 AND n = 7",
                             "there is no sound tile 7)");
}

Test(scrub, a_changed_root_of_a_tile_below_another_is_found)
{
    expect_left_to_the_check(
        "UPDATE tile SET root = zeroblob(32) WHERE level = 0 AND n = 7",
        "there is no sound tile 7)");
}

Test(scrub, a_missing_tile_below_another_is_found)
{
    expect_left_to_the_check("DELETE FROM tile WHERE level = 0 AND n = 7",
                             "there is no sound tile 7)");
}

Test(scrub, an_upper_tile_with_other_hashes_is_found)
{
    expect_left_to_the_check("UPDATE tile SET hashes = zeroblob(8192) WHERE level = 1",
                             "there is no sound upper tile 0)");
}

Test(scrub, an_earlier_checkpoint_of_another_tree_is_found)
{
    expect_left_to_the_check(
        "UPDATE checkpoint SET note = CAST('" BOOK_ORIGIN "' || char(10) || '300' || "
        "char(10) || 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=' || char(10) || "
        "substr(CAST(note AS TEXT), instr(CAST(note AS TEXT), char(10) || char(10)) + 1)"
        " AS BLOB) WHERE size = 300",
        "the root differs at checkpoint 300)");
}

Test(scrub, an_earlier_checkpoint_that_is_none_is_found)
{
    expect_left_to_the_check("UPDATE checkpoint SET note = x'00' WHERE size = 300",
                             "there is no sound checkpoint 300)");
}

/* As a disk may give back a page: SQLite cannot read it. */
Test(scrub, a_page_of_nothing_is_found)
{
    static const char zeros[4096];
    uint64_t records = 0;

    FILE *file = fopen(book.path, "r+");
    cr_assert_not_null(file);
    cr_assert_eq(fseek(file, 200L * (long)sizeof(zeros), SEEK_SET), 0);
    cr_assert_eq(fwrite(zeros, sizeof(zeros), 1, file), 1);
    cr_assert_eq(fclose(file), 0);
    book_open(&book);
    cr_expect_eq(scrub(&records), SG_CORRUPT, "%s", why.text);
    cr_expect_neq(why.text[0], '\0');
}

/* --- What the start finds, too, is found when it is changed later --------------------
 */

Test(scrub, a_record_of_the_last_tile_is_found)
{
    book_tamper(&book, "UPDATE leaf SET rec = CAST('record 666' AS BLOB) WHERE idx = "
                       "66150");
    expect_found("the root differs at checkpoint 66186)");
}

Test(scrub, a_checkpoint_of_another_key_is_found)
{
    struct book other;

    book_make(&other);
    (void)snprintf(book.vkey, sizeof(book.vkey), "%s", other.vkey);
    expect_found("the log key did not sign checkpoint 66186)");
    book_remove(&other);
}

/* Another history, sound in itself from the records to the top. */
Test(scrub, a_log_written_anew_below_its_checkpoint_is_found)
{
    struct book forged = book;
    char sql[640];

    book_make(&forged);
    book_open(&forged);
    book_add(&forged, 10);
    cr_assert_eq(ledger_begin(forged.ledger), SG_OK);
    cr_assert_eq(ledger_append(forged.ledger, slice_str("forged"), NULL), SG_OK);
    cr_assert_eq(ledger_commit(forged.ledger), SG_OK);
    book_add(&forged, RECORDS - 11);
    book_close(&forged);
    (void)snprintf(sql, sizeof(sql),
                   "ATTACH '%s' AS forged; DELETE FROM leaf; DELETE FROM tile;"
                   "INSERT INTO leaf SELECT * FROM forged.leaf;"
                   "INSERT INTO tile SELECT * FROM forged.tile",
                   forged.path);
    book_tamper(&book, sql);
    expect_found("the root differs at checkpoint 300)");
    book_tamper(&book, "DELETE FROM checkpoint WHERE size = 300");
    expect_found("the root differs at checkpoint 66186)");
    cr_expect_eq(book_try_open(&book), SG_CORRUPT);
    book_remove(&forged);
}

/* --- What comes of it --------------------------------------------------------------- */

static const char change[] =
    "UPDATE leaf SET rec = CAST('record 666' AS BLOB) WHERE idx = 5";
static const char mend[] = "UPDATE leaf SET rec = CAST('record 5' AS BLOB) WHERE idx = 5";

Test(scrub, a_condemned_ledger_does_not_start_until_it_is_mended)
{
    book_tamper(&book, change);
    book_open(&book);
    cr_expect_eq(ledger_condemn(book.ledger, "somebody was here"), SG_LEDGER);
    book_close(&book);
    for (unsigned i = 0; i < 2; i++) {
        cr_expect_eq(book_try_open(&book), SG_CORRUPT);
        cr_expect_not_null(strstr(book.why.text, "another record stands at 5"), "%s",
                           book.why.text);
    }
    book_tamper(&book, mend);
    book_open(&book);
    cr_expect_eq(book.state.size, RECORDS);
}

Test(scrub, a_ledger_found_sound_is_forgiven)
{
    book_open(&book);
    cr_expect_eq(ledger_condemn(book.ledger, "somebody was here"), SG_LEDGER);
    book_close(&book);
    book_open(&book);
    struct tlog_hash want = book_root(RECORDS);
    cr_expect_eq(memcmp(book.state.root, want.bytes, 32), 0);
    book_close(&book);
    book_tamper(&book, change);
    book_open(&book); /* an ordinary start again: it leaves that to the check */
}
