#include <criterion/criterion.h>
#include <stdio.h>

#include "gateway/ledger/ledger.h"
#include "gateway/ledger/reader.h"
#include "gateway/ledger/store.h"
#include "tests/unit/ledger/support/scrubbing.h"

/* What a start does not look at is found while the gateway runs. A lawful log with a
 * complete tile of the second level and a checkpoint inside its last tile; each test
 * changes one fact of the closed file. */
static struct scrubbing all;

static void set_up(void)
{
    scrubbing_make(&all);
}

static void tear_down(void)
{
    scrubbing_remove(&all);
}

TestSuite(scrub, .init = set_up, .fini = tear_down);

static void expect_found(const char *sentence)
{

    cr_expect_eq(scrubbing_pass(&all), SG_CORRUPT, "%s", sentence);
    cr_expect_not_null(strstr(all.why.text, sentence), "'%s' in: %s", sentence,
                       all.why.text);
}

/* The start believes the file, and the check does not. */
static void expect_left_to_the_check(const char *sql, const char *sentence)
{
    book_tamper(&all.book, sql);
    book_open(&all.book);
    expect_found(sentence);
}

Test(scrub, a_log_without_a_checkpoint_is_not_begun)
{

    book_tamper(&all.book, "DELETE FROM checkpoint");
    book_open(&all.book);
    cr_expect_eq(scrubbing_pass(&all), SG_NOT_FOUND);
    cr_expect_eq(all.records, 0);
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
        "the log key did not sign checkpoint 300)");
}

/* Text and size are as they were. */
Test(scrub, an_earlier_checkpoint_with_another_signature_is_found)
{
    expect_left_to_the_check(
        "UPDATE checkpoint SET note = CAST(substr(note, 1, length(note) - 10) || "
        "'AAAAAAAAA' || char(10) AS BLOB) WHERE size = 300",
        "the log key did not sign checkpoint 300)");
}

Test(scrub, an_earlier_checkpoint_that_is_none_is_found)
{
    expect_left_to_the_check("UPDATE checkpoint SET note = x'00' WHERE size = 300",
                             "the log key did not sign checkpoint 300)");
}

/* As a disk may give back a page: SQLite cannot read it. */
Test(scrub, a_page_of_nothing_is_found)
{
    static const char zeros[4096];

    FILE *file = fopen(all.book.path, "r+");
    cr_assert_not_null(file);
    cr_assert_eq(fseek(file, 200L * (long)sizeof(zeros), SEEK_SET), 0);
    cr_assert_eq(fwrite(zeros, sizeof(zeros), 1, file), 1);
    cr_assert_eq(fclose(file), 0);
    book_open(&all.book);
    cr_expect_eq(scrubbing_pass(&all), SG_CORRUPT, "%s", all.why.text);
    cr_expect_neq(all.why.text[0], '\0');
}

/* --- What the start finds, too, is found when it is changed later --------------------
 */

Test(scrub, a_record_of_the_last_tile_is_found)
{
    book_tamper(&all.book, "UPDATE leaf SET rec = CAST('record 666' AS BLOB) WHERE idx = "
                           "66150");
    expect_found("the root differs at checkpoint 66186)");
}

Test(scrub, a_checkpoint_of_another_key_is_found)
{
    struct book other;

    book_make(&other);
    (void)snprintf(all.book.vkey, sizeof(all.book.vkey), "%s", other.vkey);
    expect_found("the log key did not sign checkpoint 66186)");
    book_remove(&other);
}

/* Another history, sound in itself from the records to the top. */
Test(scrub, a_log_written_anew_below_its_checkpoint_is_found)
{
    struct book forged = all.book;
    char sql[640];

    book_make(&forged);
    book_open(&forged);
    book_add(&forged, 10);
    cr_assert_eq(ledger_begin(forged.ledger), SG_OK);
    cr_assert_eq(ledger_append(forged.ledger, slice_str("forged"), NULL), SG_OK);
    cr_assert_eq(ledger_commit(forged.ledger), SG_OK);
    book_add(&forged, SCRUB_RECORDS - 11);
    book_close(&forged);
    (void)snprintf(sql, sizeof(sql),
                   "ATTACH '%s' AS forged; DELETE FROM leaf; DELETE FROM tile;"
                   "INSERT INTO leaf SELECT * FROM forged.leaf;"
                   "INSERT INTO tile SELECT * FROM forged.tile",
                   forged.path);
    book_tamper(&all.book, sql);
    expect_found("the root differs at checkpoint 300)");
    book_tamper(&all.book, "DELETE FROM checkpoint WHERE size = 300");
    expect_found("the root differs at checkpoint 66186)");
    cr_expect_eq(book_try_open(&all.book), SG_CORRUPT);
    book_remove(&forged);
}

/* --- What comes of it --------------------------------------------------------------- */

static const char change[] =
    "UPDATE leaf SET rec = CAST('record 666' AS BLOB) WHERE idx = 5";
static const char mend[] = "UPDATE leaf SET rec = CAST('record 5' AS BLOB) WHERE idx = 5";

Test(scrub, a_condemned_ledger_does_not_start_until_it_is_mended)
{
    book_tamper(&all.book, change);
    book_open(&all.book);
    cr_expect_eq(ledger_condemn(all.book.ledger, "somebody was here"), SG_LEDGER);
    book_close(&all.book);
    for (unsigned i = 0; i < 2; i++) {
        cr_expect_eq(book_try_open(&all.book), SG_CORRUPT);
        cr_expect_not_null(strstr(all.book.why.text, "another record stands at 5"), "%s",
                           all.book.why.text);
    }
    book_tamper(&all.book, mend);
    book_open(&all.book);
    cr_expect_eq(all.book.state.size, SCRUB_RECORDS);
}

/* The records alone are sound: it was found by something else. */
Test(scrub, a_condemned_ledger_does_not_start_with_another_older_checkpoint)
{
    book_tamper(&all.book, "UPDATE checkpoint SET note = x'00' WHERE size = 300");
    book_open(&all.book);
    cr_expect_eq(ledger_condemn(all.book.ledger, "somebody was here"), SG_LEDGER);
    book_close(&all.book);
    for (unsigned i = 0; i < 2; i++) {
        cr_expect_eq(book_try_open(&all.book), SG_CORRUPT);
        cr_expect_not_null(strstr(all.book.why.text, "there is no sound checkpoint 300"),
                           "%s", all.book.why.text);
    }
}

static unsigned asked;

static bool is_patient(void *book)
{
    (void)book;
    asked++;
    return true;
}

static bool gives_up(void *book)
{
    (void)book;
    return ++asked < 3;
}

/* A service manager would take a start that says nothing for one that hangs. */
Test(scrub, a_start_that_hashes_all_tells_that_it_moves_and_ends_when_told)
{
    all.book.on_hashing = is_patient;
    asked = 0;
    book_open(&all.book);
    cr_expect_lt(asked, 5, "an ordinary start hashes %u tiles", asked);
    cr_expect_eq(ledger_condemn(all.book.ledger, "somebody was here"), SG_LEDGER);
    book_close(&all.book);
    all.book.on_hashing = gives_up;
    asked = 0;
    cr_expect_eq(book_try_open(&all.book), SG_SHUTDOWN);
    cr_expect_eq(asked, 3);
    all.book.on_hashing = is_patient;
    asked = 0;
    book_open(&all.book); /* it is condemned as before */
    cr_expect_geq(asked, SCRUB_RECORDS / 256);
}

/* --- As the gateway starts: it knows the log key only when its lane has shown it ------
 */

static const char finding[] = "somebody was here";

static void condemn(void)
{
    book_open(&all.book);
    cr_expect_eq(ledger_condemn(all.book.ledger, finding), SG_LEDGER);
    book_close(&all.book);
}

static void expect_remembered(const char *name, const char *want)
{
    char memo[LEDGER_MEMO_MAX];

    cr_expect_neq(ledger_recall(all.book.ledger, name, memo), SG_LEDGER);
    cr_expect_str_eq(memo, want, "%s", name);
}

static enum sg_status start(void)
{
    const struct ledger_options options = {.path = all.book.path,
                                           .origin = BOOK_ORIGIN,
                                           .on_hashing = all.book.on_hashing,
                                           .context = &all.book};

    cr_assert_eq(ledger_open(&options, &all.book.ledger, &all.book.state, &all.book.why),
                 SG_OK, "%s", all.book.why.text);
    return ledger_set_log_key(all.book.ledger, all.book.vkey, &all.book.why);
}

/* One rotten bit: text, size and root are as they were, and every record is. */
Test(scrub, a_condemned_ledger_is_not_acquitted_of_a_signature_that_is_not_by_the_key)
{
    static const char rot[] =
        "UPDATE checkpoint SET note = CAST(substr(note, 1, length(note) - 12) ||"
        " char(CASE unicode(substr(CAST(note AS TEXT), -12, 1)) WHEN 65 THEN 66 ELSE 65"
        " END) || substr(note, -11) AS BLOB) WHERE size = 300";

    book_tamper(&all.book, rot);
    condemn();
    for (unsigned i = 0; i < 2; i++) {
        cr_expect_eq(start(), SG_CORRUPT);
        cr_expect_not_null(
            strstr(all.book.why.text, "the log key did not sign checkpoint 300)"), "%s",
            all.book.why.text);
        expect_remembered(STORE_FINDING, finding);
        expect_remembered(LEDGER_ACQUITTED, "");
        book_close(&all.book);
    }
}

/* While its token is away the key is the one that the file names: whoever changed the
 * file could have changed that, too. */
Test(scrub, a_condemned_ledger_stays_so_until_the_token_has_shown_the_key)
{
    all.book.on_hashing = is_patient;
    condemn();
    for (unsigned i = 0; i < 2; i++) {
        asked = 0;
        cr_expect_eq(start(), SG_OK, "%s", all.book.why.text);
        cr_expect_geq(asked, SCRUB_RECORDS / 256 + 2, "all records, and both notes");
        expect_remembered(STORE_FINDING, finding);
        book_close(&all.book);
    }
    cr_expect_eq(start(), SG_OK);
    cr_expect_eq(ledger_acquit(all.book.ledger), SG_OK);
    book_close(&all.book);
    asked = 0;
    cr_expect_eq(start(), SG_OK);
    cr_expect_lt(asked, 5, "an ordinary start");
}

static bool gives_up_at_the_notes(void *book)
{
    (void)book;
    return all.book.ledger == NULL;
}

Test(scrub, a_start_that_verifies_all_notes_ends_when_told)
{
    condemn();
    all.book.on_hashing = gives_up_at_the_notes;
    cr_expect_eq(start(), SG_SHUTDOWN);
    expect_remembered(STORE_FINDING, finding);
}

Test(scrub, a_ledger_found_sound_is_forgiven)
{
    book_open(&all.book);
    cr_expect_eq(ledger_condemn(all.book.ledger, "somebody was here"), SG_LEDGER);
    book_close(&all.book);
    book_open(&all.book);
    struct tlog_hash want = book_root(SCRUB_RECORDS);
    cr_expect_eq(memcmp(all.book.state.root, want.bytes, 32), 0);
    cr_expect_eq(ledger_acquit(all.book.ledger), SG_OK);
    expect_remembered(LEDGER_ACQUITTED, finding);
    expect_remembered(STORE_FINDING, "");
    cr_expect_eq(ledger_acquit(all.book.ledger), SG_NOT_FOUND);
    book_close(&all.book);
    book_tamper(&all.book, change);
    book_open(&all.book); /* an ordinary start again: it leaves that to the check */
}
