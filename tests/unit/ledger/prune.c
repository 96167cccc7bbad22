#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/ledger/keyreg.h"
#include "gateway/ledger/reader.h"
#include "gateway/ledger/requests.h"
#include "tests/unit/ledger/support/pruning.h"

/* Texts of old records go; hashes, proofs and used request ids stay. */
enum { BEFORE = 768 };

TestSuite(prune, .init = pruning_set_up, .fini = pruning_tear_down);

static bool file_holds(const char *path, const char *text)
{
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        return false;
    }
    static char bytes[1 << 24];
    size_t len = fread(bytes, 1, sizeof(bytes), file);
    (void)fclose(file);
    for (size_t i = 0; i + strlen(text) <= len; i++) {
        if (memcmp(bytes + i, text, strlen(text)) == 0) {
            return true;
        }
    }
    return false;
}

static void write_claim(const char *id, bool signed_too)
{
    struct claim claim = book_claim(id);
    char text[160];

    cr_assert_eq(ledger_begin(pruning_book->ledger), SG_OK);
    claim.intent_index = 5;
    cr_assert_eq(ledger_claim(pruning_book->ledger, &claim), SG_OK);
    if (signed_too) {
        claim.state = CLAIM_SIGNED;
        claim.outcome_index = 6;
        claim.signature_len = 4;
        cr_assert_eq(ledger_append(pruning_book->ledger, pruning_text(6, text),
                                   claim.outcome_hash),
                     SG_OK);
        cr_assert_eq(ledger_settle(pruning_book->ledger, &claim), SG_OK);
    }
    cr_assert_eq(ledger_commit(pruning_book->ledger), SG_OK);
}

/* --- What goes and what stays ------------------------------------------------------- */

Test(prune, texts_go_from_the_file_and_the_tree_is_the_same)
{
    struct ledger_path before;
    struct ledger_path after;
    uint8_t root[32];
    uint8_t same[32];

    pruning_all.reader = pruning_reader();
    cr_assert_eq(
        ledger_inclusion(pruning_all.reader, 300, PRUNING_RECORDS, &before, root), SG_OK);
    cr_assert_eq(pruning_begin(BEFORE, pruning_later_us), SG_OK, "%s",
                 pruning_book->why.text);
    cr_expect_eq(pruning_finish(), 0);
    cr_assert_eq(ledger_inclusion(pruning_all.reader, 300, PRUNING_RECORDS, &after, same),
                 SG_OK);
    cr_expect_arr_eq(root, same, sizeof(root));
    cr_expect_eq(before.count, after.count);
    cr_expect_arr_eq(before.hash, after.hash, before.count * 32);
    cr_expect_eq(ledger_consistency(pruning_all.reader, 300, PRUNING_RECORDS, &after),
                 SG_OK);
    scrubbing_close_reader(&pruning_all);
    book_close(pruning_book);
    cr_expect_not(file_holds(pruning_book->path, "texttogo-300\""));
    cr_expect_not(file_holds(pruning_book->path, "texttogo-0\""));
    cr_expect(file_holds(pruning_book->path, "texttogo-768\""));
    book_open(pruning_book);
    cr_expect_eq(pruning_book->state.size, PRUNING_RECORDS + 1);
    cr_expect_eq(scrubbing_pass(&pruning_all), SG_NOT_FOUND, "%s", pruning_all.why.text);
}

Test(prune, readers_are_told_from_the_commit_on)
{
    uint64_t first = UINT64_MAX;
    uint64_t pruned = 0;
    uint8_t bytes[16384];
    size_t len = 0;
    struct record_page page = {.max = 8, .scan = 8};

    pruning_all.reader = pruning_reader();
    cr_assert_eq(pruning_begin(BEFORE, pruning_later_us), SG_OK);
    cr_expect_eq(ledger_read_pruned(pruning_all.reader, &pruned), SG_OK);
    cr_expect_eq(pruned, BEFORE);
    cr_expect_eq(ledger_read(pruning_all.reader, NULL, &page, pruning_take_first, &first),
                 SG_OK);
    cr_expect_eq(first, BEFORE);
    page.first = BEFORE - 1;
    cr_expect_eq(ledger_read(pruning_all.reader, NULL, &page, pruning_take_first, &first),
                 SG_PRUNED);
    cr_expect_eq(ledger_receipt(pruning_all.reader, 5, bytes, sizeof(bytes), &len),
                 SG_PRUNED);
    cr_expect_eq(ledger_receipt(pruning_all.reader, BEFORE, bytes, sizeof(bytes), &len),
                 SG_OK);
}

Test(prune, it_goes_on_after_a_restart_and_a_second_one_after_the_first)
{
    uint64_t kept = 0;
    struct ledger_prune prune;

    cr_assert_eq(pruning_begin(512, pruning_later_us), SG_OK);
    cr_assert_eq(ledger_prune_step(pruning_book->ledger, &kept), SG_OK);
    book_close(pruning_book);
    book_open(pruning_book);
    cr_assert_eq(ledger_last_prune(pruning_book->ledger, &prune), SG_OK);
    cr_expect_eq(prune.done, 256);
    cr_assert_eq(pruning_begin(BEFORE, pruning_later_us), SG_OK, "%s",
                 pruning_book->why.text);
    cr_expect_eq(pruning_finish(), 0);
    cr_assert_eq(ledger_last_prune(pruning_book->ledger, &prune), SG_OK);
    cr_expect_eq(prune.done, BEFORE);
    cr_expect_eq(scrubbing_pass(&pruning_all), SG_NOT_FOUND, "%s", pruning_all.why.text);
}

Test(prune, a_condemned_ledger_is_read_again_without_the_texts)
{
    cr_assert_eq(pruning_begin(BEFORE, pruning_later_us), SG_OK);
    cr_expect_eq(pruning_finish(), 0);
    cr_expect_eq(ledger_condemn(pruning_book->ledger, "a test found it"), SG_LEDGER);
    book_close(pruning_book);
    book_open(pruning_book);
    cr_expect_eq(pruning_book->state.size, PRUNING_RECORDS + 1);
}

Test(prune, records_younger_than_was_agreed_keep_their_texts)
{
    static const int64_t young_us = (INT64_C(1451606400) + 400) * 1000000;

    cr_assert_eq(pruning_begin(BEFORE, young_us), SG_OK);
    cr_expect_eq(pruning_finish(),
                 111 + 256); /* 401 to 767; the tile of 256 to 511 stays whole */
    book_close(pruning_book);
    cr_expect_not(file_holds(pruning_book->path, "texttogo-255\""));
    cr_expect(file_holds(pruning_book->path, "texttogo-256\""));
    cr_expect(file_holds(pruning_book->path, "texttogo-767\""));
    book_open(pruning_book);
    cr_expect_eq(scrubbing_pass(&pruning_all), SG_NOT_FOUND, "%s", pruning_all.why.text);
}

Test(prune, a_used_request_id_stays_used)
{
    struct claim claim = book_claim("req-1");

    write_claim("req-1", true);
    book_tamper(pruning_book,
                "DELETE FROM answer"); /* as ledger.answers_days does in time */
    book_checkpoint(pruning_book);
    cr_assert_eq(pruning_begin(BEFORE, pruning_later_us), SG_OK, "%s",
                 pruning_book->why.text);
    cr_expect_eq(pruning_finish(), 0);
    cr_assert_eq(ledger_begin(pruning_book->ledger), SG_OK);
    cr_expect_eq(ledger_claim(pruning_book->ledger, &claim), SG_CONFLICT);
    cr_expect_eq(ledger_find(pruning_book->ledger, claim.caller, "req-1", &claim), SG_OK);
    cr_expect_eq(claim.state, CLAIM_SIGNED);
}

/* --- What is refused ---------------------------------------------------------------- */

static void expect_refused(uint64_t before, enum sg_status status, const char *words)
{
    struct prune_facts facts;

    cr_expect_eq(
        ledger_prune_check(pruning_book->ledger, before, &facts, &pruning_book->why),
        status);
    cr_expect_not_null(strstr(pruning_book->why.text, words), "%s",
                       pruning_book->why.text);
}

Test(prune, only_whole_tiles_under_the_checkpoint_go)
{
    expect_refused(0, SG_INVALID, "multiple of 256");
    expect_refused(100, SG_INVALID, "multiple of 256");
    expect_refused(1536, SG_PRECONDITION, "only records below 1280 can go");
    cr_assert_eq(pruning_begin(256, pruning_later_us), SG_OK);
    expect_refused(256, SG_INVALID, "pruned already");
}

Test(prune, what_is_still_needed_does_not_go)
{
    write_claim("req-2", false);
    expect_refused(256, SG_PRECONDITION,
                   "a job that is under way still needs the record 5");
}

Test(prune, an_answer_that_is_kept_holds_its_record)
{
    write_claim("req-3", true);
    expect_refused(256, SG_PRECONDITION, "ledger.answers_days");
}

static void write_key(enum key_state state)
{
    struct keyreg key = {.name = "seal-1", .state = state, .log_index = 5};

    cr_assert_eq(ledger_begin(pruning_book->ledger), SG_OK);
    cr_assert_eq(ledger_put_key(pruning_book->ledger, &key), SG_OK);
    cr_assert_eq(ledger_commit(pruning_book->ledger), SG_OK);
}

Test(prune, a_key_that_may_sign_again_holds_its_record)
{
    static const enum key_state states[] = {KEY_GENERATED, KEY_CERTIFIED, KEY_ACCEPTED,
                                            KEY_ACTIVE,    KEY_INACTIVE,  KEY_HELD};

    for (size_t i = 0; i < SG_COUNT(states); i++) {
        write_key(states[i]);
        expect_refused(256, SG_PRECONDITION, "the key seal-1 still needs the record 5");
        expect_refused(256, SG_PRECONDITION, "hold or release it, or have it destroyed");
    }
}

/* It may be long gone, with its token and its entry: nobody could have it destroyed. */
Test(prune, a_key_that_never_signs_again_holds_none)
{
    static const enum key_state states[] = {KEY_NONE, KEY_RETIRED, KEY_COMPROMISED,
                                            KEY_DESTROYED};
    struct prune_facts facts;

    for (size_t i = 0; i < SG_COUNT(states); i++) {
        write_key(states[i]);
        cr_expect_eq(
            ledger_prune_check(pruning_book->ledger, 256, &facts, &pruning_book->why),
            SG_OK, "%s: %s", key_state_name(states[i]), pruning_book->why.text);
    }
}

/* --- Others ------------------------------------------------------------------------- */

Test(prune, texts_that_go_without_a_record_are_found_at_the_start)
{
    book_close(pruning_book);
    book_tamper(pruning_book,
                "DELETE FROM leaf WHERE idx < 256;"
                "INSERT INTO prune VALUES(1, 256, 256, 0, 1000, zeroblob(32))");
    cr_expect_eq(book_try_open(pruning_book), SG_CORRUPT);
    cr_expect_not_null(strstr(pruning_book->why.text, "no record says"), "%s",
                       pruning_book->why.text);
}

Test(prune, a_prune_that_says_more_than_its_record_is_found)
{
    cr_assert_eq(pruning_begin(256, pruning_later_us), SG_OK);
    book_close(pruning_book);
    book_tamper(pruning_book, "UPDATE prune SET before = 512, done = 512;"
                              "DELETE FROM leaf WHERE idx < 512");
    cr_expect_eq(book_try_open(pruning_book), SG_CORRUPT);
}

/* Its record says less than a row that was put before the lawful one. */
Test(prune, an_earlier_row_that_says_more_is_found)
{
    cr_assert_eq(pruning_begin(256, pruning_later_us), SG_OK);
    book_close(pruning_book);
    book_tamper(pruning_book,
                "INSERT INTO prune VALUES(0, 512, 512, 0, 1000, zeroblob(32));"
                "DELETE FROM leaf WHERE idx < 512");
    cr_expect_eq(book_try_open(pruning_book), SG_CORRUPT);
    cr_expect_not_null(strstr(pruning_book->why.text, "no record says"), "%s",
                       pruning_book->why.text);
}

/* While the gateway runs, nobody starts: the check has to ask for the record, too. */
Test(prune, texts_that_go_without_a_record_are_found_by_the_check)
{
    book_tamper(pruning_book,
                "DELETE FROM leaf WHERE idx < 256;"
                "INSERT INTO prune VALUES(1, 256, 256, 0, 1000, zeroblob(32))");
    cr_expect_eq(scrubbing_pass(&pruning_all), SG_CORRUPT);
    cr_expect_not_null(strstr(pruning_all.why.text, "no record says"), "%s",
                       pruning_all.why.text);
}

/* In the middle of a pass, which had believed it. */
Test(prune, a_row_that_goes_while_the_log_is_checked_is_missed)
{
    struct scrub_progress progress = {0};

    cr_assert_eq(pruning_begin(1280, pruning_later_us), SG_OK);
    cr_expect_eq(pruning_finish(), 0);
    pruning_all.reader = pruning_reader();
    cr_assert_eq(
        ledger_scrub_begin(pruning_all.reader, pruning_book->vkey, &pruning_all.why),
        SG_OK);
    cr_assert_eq(ledger_scrub_step(pruning_all.reader, &progress, &pruning_all.why),
                 SG_OK);
    book_tamper(pruning_book, "DELETE FROM prune");
    cr_expect_eq(ledger_scrub_step(pruning_all.reader, &progress, &pruning_all.why),
                 SG_CORRUPT);
    cr_expect_not_null(strstr(pruning_all.why.text, "there is no record 1024"), "%s",
                       pruning_all.why.text);
}

Test(prune, a_changed_hash_of_a_pruned_record_is_found)
{
    cr_assert_eq(pruning_begin(256, pruning_later_us), SG_OK);
    cr_expect_eq(pruning_finish(), 0);
    book_close(pruning_book);
    book_tamper(pruning_book,
                "UPDATE tile SET hashes = CAST(substr(hashes, 1, 32) || zeroblob(32) "
                "|| substr(hashes, 65) AS BLOB) WHERE level = 0 AND n = 0");
    book_open(pruning_book);
    cr_expect_eq(scrubbing_pass(&pruning_all), SG_CORRUPT);
}
