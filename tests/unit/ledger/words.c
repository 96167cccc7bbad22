#include "gateway/ledger/words.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "gateway/ledger/filter.h"
#include "gateway/ledger/index_inside.h"
#include "gateway/ledger/ledger.h"
#include "gateway/ledger/record.h"
#include "gateway/ledger/record_stamp.h"
#include "tests/unit/ledger/support/book.h"
#include "tests/unit/ledger/support/lawful.h"
#include "tests/unit/ledger/support/town.h"

static char buffer[LEDGER_RECORD_MAX];

/* Sums do not mind the order of words. */
struct told {
    unsigned count;
    uint64_t sum;
    bool timed;
    int64_t ts_us;
};

static void add(void *context, enum word_kind kind, struct slice text)
{
    struct told *told = (struct told *)context;

    cr_assert_gt(text.len, 0);
    told->count++;
    told->sum += (uint64_t)index_word(kind, text);
}

static struct told parsed(struct slice record)
{
    struct told told = {0};
    struct words words = {.take = add, .context = &told};

    words_parse(&words, record);
    told.timed = words.timed;
    told.ts_us = words.timed ? words.ts_us : 0;
    return told;
}

/* false: the scan left the record to the parser. */
static bool scanned(struct slice record, struct told *told)
{
    struct words words = {.take = add, .context = told};

    *told = (struct told){0};
    if (!words_scan(&words, record)) {
        cr_expect_eq(told->count, 0, "%.*s", (int)record.len, record.data);
        return false;
    }
    told->timed = words.timed;
    told->ts_us = words.timed ? words.ts_us : 0;
    return true;
}

static bool agrees(struct slice record)
{
    struct told one;
    struct told other = parsed(record);
    bool scan = scanned(record, &one);

    cr_expect(!scan || (one.count == other.count && one.sum == other.sum &&
                        one.timed == other.timed && one.ts_us == other.ts_us),
              "%u and %u words: %.*s", one.count, other.count, (int)record.len,
              record.data);
    return scan;
}

/* --- As the gateway writes it ------------------------------------------------------ */

static void must_scan(enum sg_status written, struct slice record, unsigned words)
{
    cr_assert_eq(written, SG_OK);
    cr_expect(agrees(record), "left to the parser: %.*s", (int)record.len, record.data);
    cr_expect_eq(parsed(record).count, words, "%u words: %.*s", parsed(record).count,
                 (int)record.len, record.data);
    cr_expect(parsed(record).timed);
}

static struct record_decision with_facts(void)
{
    struct record_decision decision = lawful_decision();

    decision.facts = (struct record_facts){
        .known = true,
        .job = slice_str("\"job.notice\":true,\"job.meta_keys\":[\"type\",\"caller\"]"),
        .state = slice_str("\"status.age_s\":-1,\"cert.not_after\":\"2027-01-01\"")};
    return decision;
}

Test(words, decisions_are_scanned_where_they_lie)
{
    struct record_head head = lawful_head();
    struct record_job job = lawful_job();
    struct record_decision decision = with_facts();
    struct record_failure failures[] = {{.rule = "A", .code = "NO"}, {.code = "NO"}};
    struct slice text;
    enum sg_status written = record_intent(buffer, &head, &job, &decision, &text);

    must_scan(written, text, 8);
    decision.failures = failures;
    decision.failure_count = 2;
    written = record_deny(buffer, &head, &job, &decision, &text);
    must_scan(written, text, 9);
    written = record_explain(buffer, &head, &job, &decision, &text);
    must_scan(written, text, 9);
}

Test(words, what_comes_of_them_too)
{
    static const char *const pairs[] = {"subject", "seal", "detail", "x"};
    static const uint8_t hash[32];
    struct record_head head = lawful_head();
    struct record_result result = {.decision_id = "01J",
                                   .caller = "a",
                                   .request_id = "b",
                                   .key = "k",
                                   .outcome = "signed",
                                   .lane = "lane0",
                                   .hash = SG_HASH_SHA256,
                                   .digest = slice_of(hash, sizeof(hash)),
                                   .signature = slice_of(hash, sizeof(hash))};
    struct record_again again = {.decision_id = "01J", .outcome_index = 7};
    struct record_key key = {.name = "seal",
                             .policy_rev = hash,
                             .facts = slice_str("\"key.rsa_bits\":3072,\"key\":\"x\"")};
    struct record_stamp stamp = {.decision_id = "01J",
                                 .caller = "a",
                                 .request_id = "b",
                                 .hash = SG_HASH_SHA256,
                                 .digest = slice_of(hash, sizeof(hash)),
                                 .token = slice_str("token"),
                                 .serial = "1"};
    struct slice text;
    enum sg_status written = record_outcome(buffer, &head, &result, &text);

    must_scan(written, text, 4);
    written = record_replay(buffer, &head, &again, &text);
    must_scan(written, text, 1);
    written = record_key_facts(buffer, &head, &key, &text);
    must_scan(written, text, 1);
    written = record_timestamp(buffer, &head, &stamp, &text);
    must_scan(written, text, 3);
    written = record_event(buffer, &head, "key.hold", pairs, 2, &text);
    must_scan(written, text, 1);
}

/* --- As anybody may write it ------------------------------------------------------- */

Test(words, whatever_readers_may_read_differently_is_left_to_the_parser)
{
    static const char *const odd[] = {
        "{\"type\":\"a\",\"type\":\"b\"}",
        "{\"ts\":\"2026-05-02T01:02:03Z\",\"ts\":1}",
        "{\"type\":\"a\",\"\\u0074ype\":\"b\"}",
        "{\"caller\":\"a \\\"b\\\"\"}",
        "{\"no\":\"\\ud800\",\"caller\":\"a\"}",
        "{\"fail\":[],\"fail\":[{\"rule\":\"A\"}]}",
        "{\"fail\":[{\"rule\":\"A\",\"rule\":\"B\"}]}",
        "{\"rules\":{\"shadow_fail\":[\"A\"],\"shadow_fail\":[]}}",
        "{\"rules\":{\"shadow_fail\":[\"A\"]},\"rules\":{}}",
        "{\"rules\":{\"lifted\":[{\"rule\":\"A\"}],\"lifted\":[]}}",
        "{\"rules\":{\"lifted\":[{\"rule\":\"A\",\"rule\":\"B\"}]}}",
        "{\"a\":9223372036854775808,\"caller\":\"a\"}",
        "{\"a\":1e999,\"caller\":\"a\"}",
        "{\"caller\":\"a\xff\"}",
        "{\"caller\":\"a\"} x",
        "[\"caller\"]",
        ""};
    struct told told;

    for (size_t i = 0; i < SG_COUNT(odd); i++) {
        cr_expect_not(scanned(slice_str(odd[i]), &told), "%s", odd[i]);
    }
}

Test(words, more_than_it_has_room_for_are_left_to_the_parser)
{
    static char text[2048] = "{\"fail\":[{\"rule\":\"R0\"}";
    size_t len = strlen(text);
    struct told told;

    for (int i = 1; i < 65; i++) {
        len += (size_t)snprintf(text + len, sizeof(text) - len, ",{\"rule\":\"R%d\"}", i);
    }
    (void)snprintf(text + len, sizeof(text) - len, "]}");
    cr_expect_not(scanned(slice_str(text), &told));
    cr_expect_eq(parsed(slice_str(text)).count, 65);
}

Test(words, name_each_rule_that_officers_lifted)
{
    static const struct record_lift lifts[] = {{"CP-4.9-02", "o-1"}, {"CP-1", "o-2"}};
    struct record_head head = lawful_head();
    struct record_job job = lawful_job();
    struct record_decision decision = with_facts();
    const struct record_filter filter = {.rule = "CP-1"};
    const struct record_filter override = {.rule = "o-2"};
    struct slice text;

    decision.lifts = lifts;
    decision.lift_count = 1;
    enum sg_status written = record_intent(buffer, &head, &job, &decision, &text);
    must_scan(written, text, 9);
    cr_expect_not(filter_matches(&filter, text));
    decision.lift_count = 2;
    written = record_intent(buffer, &head, &job, &decision, &text);
    must_scan(written, text, 10);
    cr_expect(filter_matches(&filter, text));
    cr_expect_not(filter_matches(&override, text));
}

Test(words, stand_only_where_filters_look)
{
    static const char text[] =
        "{\"facts\":{\"caller\":\"x\",\"rule\":\"x\"},\"caller\":[\"x\"],"
        "\"fail\":[\"rule\",[\"rule\",\"x\"],{\"rule\":[\"x\"]},{\"a\":{\"rule\":\"x\"}}]"
        ","
        "\"rules\":{\"lifted\":[\"rule\",[\"rule\",{\"rule\":\"x\"}],{\"rule\":[\"x\"]},"
        "{\"override\":\"x\",\"a\":{\"rule\":\"x\"}}],\"shadow_fail\":[[\"x\"],{\"rule\":"
        "\"x\"},"
        "\"\"],\"fail\":[{\"rule\":\"x\"}]},\"lane\":{\"fail\":[{\"rule\":\"x\"}]}}";

    cr_expect(agrees(slice_str(text)));
    cr_expect_eq(parsed(slice_str(text)).count, 0);
}

/* The records of a town, each with some bytes bent, left out or doubled: never another
 * word than the parser finds. */
static size_t bend(uint8_t *bytes, size_t len)
{
    static const char marks[] = "{}[],:\"\\0e \xc3\xff";
    size_t at = town_draw((uint32_t)len);
    size_t count = 1 + town_draw(12);

    count = count < len - at ? count : len - at;
    if (town_draw(3) == 0) {
        memmove(bytes + at, bytes + at + count, len - at - count);
        return len - count;
    }
    if (town_draw(2) == 0) {
        memmove(bytes + at + count, bytes + at, len - at);
        return len + count;
    }
    bytes[at] = (uint8_t)marks[town_draw(sizeof(marks) - 1)];
    return len;
}

static unsigned whole;
static unsigned bent;

static void try_record(void *context, uint64_t index, struct slice json)
{
    static uint8_t bytes[LEDGER_RECORD_MAX + 64];

    (void)context;
    (void)index;
    whole += agrees(json);
    for (int i = 0; i < 8; i++) {
        memcpy(bytes, json.data, json.len);
        size_t len = bend(bytes, json.len);
        len = town_draw(2) == 0 ? bend(bytes, len) : len;
        bent += agrees(slice_of(bytes, len));
    }
}

Test(words, are_those_that_a_tree_of_the_record_says, .timeout = 60)
{
    enum { RECORDS = 3000 };
    struct record_page page = {.max = RECORDS, .scan = RECORDS};
    struct ledger_reader *reader = NULL;
    struct sg_error why;
    struct book book;

    book_make(&book);
    book_open(&book);
    town_fill(&book, "gw1", RECORDS);
    cr_assert_eq(ledger_reader_open(book.path, &reader, &why), SG_OK, "%s", why.text);
    cr_assert_eq(ledger_read(reader, NULL, &page, try_record, NULL), SG_OK);
    ledger_reader_close(reader);
    book_remove(&book);
    /* A class with quotes in its name is left to the parser. */
    cr_expect_gt(whole, RECORDS / 4, "%u of the records are scanned", whole);
    cr_expect_gt(bent, RECORDS, "%u of those that were bent", bent);
}
