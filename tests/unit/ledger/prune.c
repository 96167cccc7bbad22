#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/ledger/prune.h"
#include "gateway/ledger/reader.h"
#include "gateway/ledger/requests.h"
#include "tests/unit/ledger/support/scrubbing.h"

/* Texts of old records go; hashes, proofs and used request ids stay. */
enum { RECORDS = 1300, BEFORE = 768, COVERED = 1290 };
static struct scrubbing all;
static struct book *const book = &all.book;

/* Record i was written in second i; the time of one may be another. */
static struct slice text_of(uint64_t index, char text[160])
{
    int len =
        snprintf(text, 160,
                 "{\"v\":1,\"seq\":%" PRIu64 ",\"ts\":\"2016-01-01T00:%02u:%02u.000000Z"
                 "\",\"type\":\"deny\",\"secret\":\"texttogo-%" PRIu64 "\"}",
                 index, (unsigned)(index / 60 % 60), (unsigned)(index % 60), index);

    return slice_of(text, (size_t)len);
}

static void write_records(uint64_t count)
{
    char text[160];

    cr_assert_eq(ledger_begin(book->ledger), SG_OK);
    for (uint64_t i = 0; i < count; i++) {
        cr_assert_eq(ledger_append(book->ledger,
                                   text_of(ledger_next_index(book->ledger), text), NULL),
                     SG_OK);
    }
    cr_assert_eq(ledger_commit(book->ledger), SG_OK);
}

static void set_up(void)
{
    book_make(book);
    book_open(book);
    write_records(COVERED);
    book_checkpoint(book);
    write_records(RECORDS - COVERED);
}

static void tear_down(void)
{
    scrubbing_close_reader(&all);
    book_remove(book);
}

TestSuite(prune, .init = set_up, .fini = tear_down);

/* 2016-01-01T01:00:00Z: after all of them. */
static const int64_t later_us = INT64_C(1451610000) * 1000000;

static enum sg_status begin(uint64_t before, int64_t newest_us)
{
    struct ledger_prune prune = {.before = before, .newest_us = newest_us};
    struct prune_facts facts;
    char text[200];

    TRY(ledger_prune_check(book->ledger, before, &facts, &book->why));
    int len =
        snprintf(text, sizeof(text),
                 "{\"v\":1,\"ts\":\"2026-01-01T00:00:00.000000Z\",\"type\":\"log.prune\","
                 "\"before_index\":\"%" PRIu64 "\"}",
                 before);
    cr_assert_eq(ledger_begin(book->ledger), SG_OK);
    prune.index = ledger_next_index(book->ledger);
    cr_assert_eq(ledger_append(book->ledger, slice_of(text, (size_t)len), prune.hash),
                 SG_OK);
    cr_assert_eq(ledger_prune(book->ledger, &prune), SG_OK);
    cr_assert_eq(ledger_commit(book->ledger), SG_OK);
    return SG_OK;
}

static uint64_t finish(void)
{
    uint64_t kept = 0;
    uint64_t sum = 0;

    while (ledger_prune_step(book->ledger, &kept) == SG_OK) {
        sum += kept;
    }
    return sum;
}

static struct ledger_reader *reader_of(void)
{
    struct ledger_reader *reader = NULL;

    cr_assert_eq(ledger_reader_open(book->path, &reader, &book->why), SG_OK);
    return reader;
}

static void take_first(void *context, uint64_t index, struct slice json)
{
    uint64_t *first = (uint64_t *)context;

    (void)json;
    *first = *first == UINT64_MAX ? index : *first;
}

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

    cr_assert_eq(ledger_begin(book->ledger), SG_OK);
    claim.intent_index = 5;
    cr_assert_eq(ledger_claim(book->ledger, &claim), SG_OK);
    if (signed_too) {
        claim.state = CLAIM_SIGNED;
        claim.outcome_index = 6;
        claim.signature_len = 4;
        cr_assert_eq(ledger_append(book->ledger, text_of(6, text), claim.outcome_hash),
                     SG_OK);
        cr_assert_eq(ledger_settle(book->ledger, &claim), SG_OK);
    }
    cr_assert_eq(ledger_commit(book->ledger), SG_OK);
}

/* --- What goes and what stays ------------------------------------------------------- */

Test(prune, texts_go_from_the_file_and_the_tree_is_the_same)
{
    struct ledger_path before;
    struct ledger_path after;
    uint8_t root[32];
    uint8_t same[32];

    all.reader = reader_of();
    cr_assert_eq(ledger_inclusion(all.reader, 300, RECORDS, &before, root), SG_OK);
    cr_assert_eq(begin(BEFORE, later_us), SG_OK, "%s", book->why.text);
    cr_expect_eq(finish(), 0);
    cr_assert_eq(ledger_inclusion(all.reader, 300, RECORDS, &after, same), SG_OK);
    cr_expect_arr_eq(root, same, sizeof(root));
    cr_expect_eq(before.count, after.count);
    cr_expect_arr_eq(before.hash, after.hash, before.count * 32);
    cr_expect_eq(ledger_consistency(all.reader, 300, RECORDS, &after), SG_OK);
    scrubbing_close_reader(&all);
    book_close(book);
    cr_expect_not(file_holds(book->path, "texttogo-300\""));
    cr_expect_not(file_holds(book->path, "texttogo-0\""));
    cr_expect(file_holds(book->path, "texttogo-768\""));
    book_open(book);
    cr_expect_eq(book->state.size, RECORDS + 1);
    cr_expect_eq(scrubbing_pass(&all), SG_NOT_FOUND, "%s", all.why.text);
}

Test(prune, readers_are_told_from_the_commit_on)
{
    uint64_t first = UINT64_MAX;
    uint64_t pruned = 0;
    uint8_t bytes[16384];
    size_t len = 0;
    struct record_page page = {.max = 8, .scan = 8};

    all.reader = reader_of();
    cr_assert_eq(begin(BEFORE, later_us), SG_OK);
    cr_expect_eq(ledger_read_pruned(all.reader, &pruned), SG_OK);
    cr_expect_eq(pruned, BEFORE);
    cr_expect_eq(ledger_read(all.reader, NULL, &page, take_first, &first), SG_OK);
    cr_expect_eq(first, BEFORE);
    page.first = BEFORE - 1;
    cr_expect_eq(ledger_read(all.reader, NULL, &page, take_first, &first), SG_PRUNED);
    cr_expect_eq(ledger_receipt(all.reader, 5, bytes, sizeof(bytes), &len), SG_PRUNED);
    cr_expect_eq(ledger_receipt(all.reader, BEFORE, bytes, sizeof(bytes), &len), SG_OK);
}

Test(prune, it_goes_on_after_a_restart_and_a_second_one_after_the_first)
{
    uint64_t kept = 0;
    struct ledger_prune prune;

    cr_assert_eq(begin(512, later_us), SG_OK);
    cr_assert_eq(ledger_prune_step(book->ledger, &kept), SG_OK);
    book_close(book);
    book_open(book);
    cr_assert_eq(ledger_last_prune(book->ledger, &prune), SG_OK);
    cr_expect_eq(prune.done, 256);
    cr_assert_eq(begin(BEFORE, later_us), SG_OK, "%s", book->why.text);
    cr_expect_eq(finish(), 0);
    cr_assert_eq(ledger_last_prune(book->ledger, &prune), SG_OK);
    cr_expect_eq(prune.done, BEFORE);
    cr_expect_eq(scrubbing_pass(&all), SG_NOT_FOUND, "%s", all.why.text);
}

Test(prune, a_condemned_ledger_is_read_again_without_the_texts)
{
    cr_assert_eq(begin(BEFORE, later_us), SG_OK);
    cr_expect_eq(finish(), 0);
    cr_expect_eq(ledger_condemn(book->ledger, "a test found it"), SG_LEDGER);
    book_close(book);
    book_open(book);
    cr_expect_eq(book->state.size, RECORDS + 1);
}

Test(prune, records_younger_than_was_agreed_keep_their_texts)
{
    static const int64_t young_us = (INT64_C(1451606400) + 400) * 1000000;

    cr_assert_eq(begin(BEFORE, young_us), SG_OK);
    cr_expect_eq(finish(),
                 111 + 256); /* 401 to 767; the tile of 256 to 511 stays whole */
    book_close(book);
    cr_expect_not(file_holds(book->path, "texttogo-255\""));
    cr_expect(file_holds(book->path, "texttogo-256\""));
    cr_expect(file_holds(book->path, "texttogo-767\""));
    book_open(book);
    cr_expect_eq(scrubbing_pass(&all), SG_NOT_FOUND, "%s", all.why.text);
}

Test(prune, a_used_request_id_stays_used)
{
    struct claim claim = book_claim("req-1");

    write_claim("req-1", true);
    book_tamper(book, "DELETE FROM answer"); /* as ledger.answers_days does in time */
    book_checkpoint(book);
    cr_assert_eq(begin(BEFORE, later_us), SG_OK, "%s", book->why.text);
    cr_expect_eq(finish(), 0);
    cr_assert_eq(ledger_begin(book->ledger), SG_OK);
    cr_expect_eq(ledger_claim(book->ledger, &claim), SG_CONFLICT);
    cr_expect_eq(ledger_find(book->ledger, claim.caller, "req-1", &claim), SG_OK);
    cr_expect_eq(claim.state, CLAIM_SIGNED);
}

/* --- What is refused ---------------------------------------------------------------- */

static void expect_refused(uint64_t before, enum sg_status status, const char *words)
{
    struct prune_facts facts;

    cr_expect_eq(ledger_prune_check(book->ledger, before, &facts, &book->why), status);
    cr_expect_not_null(strstr(book->why.text, words), "%s", book->why.text);
}

Test(prune, only_whole_tiles_under_the_checkpoint_go)
{
    expect_refused(0, SG_INVALID, "multiple of 256");
    expect_refused(100, SG_INVALID, "multiple of 256");
    expect_refused(1536, SG_PRECONDITION, "only records below 1280 can go");
    cr_assert_eq(begin(256, later_us), SG_OK);
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

/* --- Others ------------------------------------------------------------------------- */

Test(prune, texts_that_go_without_a_record_are_found_at_the_start)
{
    book_close(book);
    book_tamper(book, "DELETE FROM leaf WHERE idx < 256;"
                      "INSERT INTO prune VALUES(1, 256, 256, 0, 1000, zeroblob(32))");
    cr_expect_eq(book_try_open(book), SG_CORRUPT);
    cr_expect_not_null(strstr(book->why.text, "no record says"), "%s", book->why.text);
}

Test(prune, a_prune_that_says_more_than_its_record_is_found)
{
    cr_assert_eq(begin(256, later_us), SG_OK);
    book_close(book);
    book_tamper(book, "UPDATE prune SET before = 512, done = 512;"
                      "DELETE FROM leaf WHERE idx < 512");
    cr_expect_eq(book_try_open(book), SG_CORRUPT);
}

/* Its record says less than a row that was put before the lawful one. */
Test(prune, an_earlier_row_that_says_more_is_found)
{
    cr_assert_eq(begin(256, later_us), SG_OK);
    book_close(book);
    book_tamper(book, "INSERT INTO prune VALUES(0, 512, 512, 0, 1000, zeroblob(32));"
                      "DELETE FROM leaf WHERE idx < 512");
    cr_expect_eq(book_try_open(book), SG_CORRUPT);
    cr_expect_not_null(strstr(book->why.text, "no record says"), "%s", book->why.text);
}

/* While the gateway runs, nobody starts: the check has to ask for the record, too. */
Test(prune, texts_that_go_without_a_record_are_found_by_the_check)
{
    book_tamper(book, "DELETE FROM leaf WHERE idx < 256;"
                      "INSERT INTO prune VALUES(1, 256, 256, 0, 1000, zeroblob(32))");
    cr_expect_eq(scrubbing_pass(&all), SG_CORRUPT);
    cr_expect_not_null(strstr(all.why.text, "no record says"), "%s", all.why.text);
}

/* In the middle of a pass, which had believed it. */
Test(prune, a_row_that_goes_while_the_log_is_checked_is_missed)
{
    struct scrub_progress progress = {0};

    cr_assert_eq(begin(1280, later_us), SG_OK);
    cr_expect_eq(finish(), 0);
    all.reader = reader_of();
    cr_assert_eq(ledger_scrub_begin(all.reader, book->vkey, &all.why), SG_OK);
    cr_assert_eq(ledger_scrub_step(all.reader, &progress, &all.why), SG_OK);
    book_tamper(book, "DELETE FROM prune");
    cr_expect_eq(ledger_scrub_step(all.reader, &progress, &all.why), SG_CORRUPT);
    cr_expect_not_null(strstr(all.why.text, "there is no record 1024"), "%s",
                       all.why.text);
}

Test(prune, a_changed_hash_of_a_pruned_record_is_found)
{
    cr_assert_eq(begin(256, later_us), SG_OK);
    cr_expect_eq(finish(), 0);
    book_close(book);
    book_tamper(book,
                "UPDATE tile SET hashes = CAST(substr(hashes, 1, 32) || zeroblob(32) "
                "|| substr(hashes, 65) AS BLOB) WHERE level = 0 AND n = 0");
    book_open(book);
    cr_expect_eq(scrubbing_pass(&all), SG_CORRUPT);
}

Test(prune, the_index_is_made_anew_of_what_is_left)
{
    struct record_filter filter = {.types = (const char *const[]){"deny"},
                                   .type_count = 1};
    struct record_page page = {.max = 4, .scan = 4096};
    uint64_t first = UINT64_MAX;

    write_records(UINT64_C(8192));
    book_checkpoint(book);
    all.reader = reader_of();
    cr_assert_eq(ledger_reader_index(all.reader, book->path, &book->why), SG_OK);
    while (ledger_reader_step(all.reader, &book->why) == SG_OK) {
    }
    cr_assert_eq(begin(5120, later_us * 2), SG_OK);
    cr_expect_eq(finish(), 0);
    cr_expect_eq(ledger_read(all.reader, &filter, &page, take_first, &first), SG_OK);
    cr_expect_eq(first, 5120);
    scrubbing_close_reader(&all);
    all.reader = reader_of();
    cr_assert_eq(ledger_reader_index(all.reader, book->path, &book->why), SG_OK);
    cr_expect_eq(ledger_reader_step(all.reader, &book->why), SG_OK);
    first = UINT64_MAX;
    page.first = 0;
    cr_expect_eq(ledger_read(all.reader, &filter, &page, take_first, &first), SG_OK);
    cr_expect_eq(first, 5120);
}

/* How many blocks are written, after a start. */
static unsigned blocks_made(void)
{
    unsigned made = 0;

    scrubbing_close_reader(&all);
    all.reader = reader_of();
    cr_assert_eq(ledger_reader_index(all.reader, book->path, &book->why), SG_OK);
    while (ledger_reader_step(all.reader, &book->why) == SG_OK) {
        made++;
    }
    return made;
}

Test(prune, so_is_one_of_which_a_part_of_the_first_block_went)
{
    static const uint64_t before[] = {1536, 2048};

    write_records(UINT64_C(8192));
    book_checkpoint(book);
    cr_expect_eq(blocks_made(), 2);
    cr_expect_eq(blocks_made(), 0);
    for (size_t i = 0; i < SG_COUNT(before); i++) {
        cr_assert_eq(begin(before[i], later_us * 2), SG_OK);
        (void)finish();
        cr_expect_eq(blocks_made(), 2, "words of what went are gone");
        cr_expect_eq(blocks_made(), 0);
    }
}

static void prune_meanwhile(void *context, uint64_t index, struct slice json)
{
    (void)json;
    if ((*(unsigned *)context)++ == 0) {
        cr_expect_eq(index, 0);
        cr_assert_eq(begin(1536, later_us * 2), SG_OK);
        (void)finish();
    }
}

Test(prune, a_page_that_is_being_read_is_of_one_moment)
{
    struct record_filter filter = {.types = (const char *const[]){"deny"},
                                   .type_count = 1};
    struct record_page page = {.max = 10, .scan = 4096};
    unsigned shown = 0;

    write_records(UINT64_C(8192));
    book_checkpoint(book);
    cr_expect_eq(blocks_made(), 2);
    cr_expect_eq(ledger_read(all.reader, &filter, &page, prune_meanwhile, &shown), SG_OK);
    cr_expect_eq(shown, 10);
    cr_expect_eq(page.next, 10);
    cr_expect_eq(ledger_reader_step(all.reader, &book->why), SG_NOT_FOUND,
                 "the index is sound");
}
