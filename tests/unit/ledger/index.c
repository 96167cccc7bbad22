#include "gateway/ledger/index.h"

#include <criterion/criterion.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "gateway/ledger/filter.h"
#include "gateway/ledger/index_inside.h"
#include "tests/unit/ledger/support/book.h"
#include "tests/unit/ledger/support/town.h"

/* Two blocks and a tail, as a town's gateway may write them; by every filter that the
 * interface allows, the index must find what looking at every record finds. */
enum { TWO_BLOCKS = 2 * INDEX_BLOCK, RECORDS = TWO_BLOCKS + 700, PAGE = 100 };

static struct book book;
static struct ledger_reader *reader;
static struct sg_error why;
static const char *node;

static void open_reader(void)
{
    cr_assert_eq(ledger_reader_open(book.path, &reader, &why), SG_OK, "%s", why.text);
    cr_assert_eq(ledger_reader_index(reader, book.path, &why), SG_OK, "%s", why.text);
}

static unsigned build(void)
{
    unsigned steps = 0;
    enum sg_status status;

    while ((status = ledger_reader_step(reader, &why)) == SG_OK) {
        steps++;
    }
    cr_assert_eq(status, SG_NOT_FOUND, "%s", why.text);
    return steps;
}

static void index_path(char *out, size_t size, const char *end)
{
    (void)snprintf(out, size, "%s.index%s", book.path, end);
}

static void set_up(void)
{
    node = "gw1";
    book_make(&book);
    book_open(&book);
    town_fill(&book, node, RECORDS);
    open_reader();
}

static void tear_down(void)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    char name[200];

    ledger_reader_close(reader);
    reader = NULL;
    for (size_t i = 0; i < SG_COUNT(ends); i++) {
        index_path(name, sizeof(name), ends[i]);
        (void)unlink(name);
    }
    book_remove(&book);
}

TestSuite(index, .init = set_up, .fini = tear_down, .timeout = 120);

/* --- What is found -------------------------------------------------------------------
 */

static bool found[RECORDS + INDEX_BLOCK];

static void note_it(void *context, uint64_t record, struct slice json)
{
    (void)context;
    (void)json;
    cr_assert_lt(record, sizeof(found));
    cr_assert_not(found[record], "record %u twice", (unsigned)record);
    found[record] = true;
}

/* Reads page after page, as a client does. */
static void read_all(const struct record_filter *filter)
{
    struct record_page page = {.first = 0, .max = PAGE, .scan = 2000};
    uint64_t size = 0;

    memset(found, 0, sizeof(found));
    cr_assert_eq(ledger_read_size(reader, &size), SG_OK);
    while (page.first < size) {
        cr_assert_eq(ledger_read(reader, filter, &page, note_it, NULL), SG_OK);
        cr_assert_gt(page.next, page.first, "no way forward at %u", (unsigned)page.first);
        page.first = page.next;
    }
}

enum { CONDITIONS = 9 };
static const char *const two_types[] = {"deny", "lane.down"};

static void put_time(struct record_filter *filter, bool rare)
{
    filter->from_us = town_time_us(rare ? RECORDS - 900 : 2000);
    filter->until_us = town_time_us(RECORDS - (rare ? 800 : 500));
}

static void put_types(struct record_filter *filter, bool rare)
{
    filter->types = two_types;
    filter->type_count = rare ? 2 : 1;
}

/* Puts condition number `which` into the filter, with its common or its rare value. */
static void put(struct record_filter *filter, unsigned which, bool rare)
{
    struct {
        const char **member;
        const char *common;
        const char *rare;
    } texts[] = {
        {&filter->caller, town_callers[0], town_callers[3]},
        {&filter->key, town_keys[0], town_keys[2]},
        {&filter->rule, town_rules[0], town_rules[2]},
        {&filter->decision, "allow", "deny"},
        {&filter->document_class, town_classes[1], town_classes[2]},
        {&filter->mandate, town_mandates[1], town_mandates[2]},
        {&filter->request_id, "req-77", "req-1500"},
    };

    if (which < SG_COUNT(texts)) {
        *texts[which].member = rare ? texts[which].rare : texts[which].common;
    } else if (which == SG_COUNT(texts)) {
        put_time(filter, rare);
    } else {
        put_types(filter, rare);
    }
}

/* What each condition alone says of each record, without the index. */
static bool truth[CONDITIONS][2][RECORDS];

static void learn(void *context, uint64_t record, struct slice json)
{
    (void)context;
    for (unsigned which = 0; which < CONDITIONS; which++) {
        for (int rare = 0; rare < 2; rare++) {
            struct record_filter filter = {0};
            put(&filter, which, rare == 1);
            truth[which][rare][record] = filter_matches(&filter, json);
        }
    }
}

static void learn_truth(void)
{
    struct record_page page = {.first = 0, .max = RECORDS, .scan = RECORDS};

    cr_assert_eq(ledger_read(reader, NULL, &page, learn, NULL), SG_OK);
    cr_assert_eq(page.next, RECORDS);
}

static bool wanted(unsigned chosen, unsigned rare, uint64_t record)
{
    for (unsigned which = 0; which < CONDITIONS; which++) {
        if ((chosen >> which & 1) != 0 && !truth[which][rare >> which & 1][record]) {
            return false;
        }
    }
    return true;
}

static void expect_same(unsigned chosen, unsigned rare)
{
    struct record_filter filter = {0};

    for (unsigned which = 0; which < CONDITIONS; which++) {
        if ((chosen >> which & 1) != 0) {
            put(&filter, which, (rare >> which & 1) != 0);
        }
    }
    read_all(&filter);
    for (uint64_t i = 0; i < RECORDS; i++) {
        cr_assert_eq(found[i], wanted(chosen, rare, i),
                     "conditions %x, rare %x, record %u", chosen, rare, (unsigned)i);
    }
}

Test(index, every_combination_of_conditions_finds_what_is_there)
{
    learn_truth();
    cr_assert_eq(build(), 2);
    for (unsigned chosen = 0; chosen < 1U << CONDITIONS; chosen++) {
        expect_same(chosen, 0);
        expect_same(chosen, town_draw(1U << CONDITIONS));
        expect_same(chosen, UINT32_MAX);
    }
}

/* What is not in the index yet is looked through: an answer never waits for it. */
Test(index, an_index_that_is_half_built_hides_nothing)
{
    learn_truth();
    cr_assert_eq(ledger_reader_step(reader, &why), SG_OK);
    for (unsigned which = 0; which < CONDITIONS; which++) {
        expect_same(1U << which, 0);
        expect_same(1U << which, UINT32_MAX);
    }
}

Test(index, it_goes_on_where_it_stopped)
{
    cr_assert_eq(build(), 2);
    ledger_reader_close(reader);
    open_reader();
    cr_expect_eq(build(), 0, "all is in it already");
    town_fill(&book, node, INDEX_BLOCK);
    cr_expect_eq(build(), 1);
}

/* --- What it costs -------------------------------------------------------------------
 */

/* A page that looks at few records must still come to the end. */
Test(index, a_rare_word_is_found_without_looking_at_the_rest)
{
    struct record_filter filter = {.key = "seal-demo", .request_id = "req-1500"};
    struct record_page page = {.first = 0, .max = 10, .scan = 20};

    cr_assert_eq(build(), 2);
    memset(found, 0, sizeof(found));
    cr_assert_eq(ledger_read(reader, &filter, &page, note_it, NULL), SG_OK);
    cr_expect_geq(page.next, TWO_BLOCKS, "it stopped at %u", (unsigned)page.next);
}

Test(index, a_reader_between_two_pages_holds_no_lock)
{
    struct record_filter filter = {.caller = "e-office"};
    struct record_page page = {.first = 0, .max = 1, .scan = 100};
    sqlite3 *db = NULL;
    int left = -1;
    int moved = -1;

    cr_assert_eq(build(), 2);
    cr_assert_eq(ledger_read(reader, &filter, &page, note_it, NULL), SG_OK);
    town_fill(&book, node, 10);
    cr_assert_eq(ledger_idle(book.ledger), SG_OK);
    cr_assert_eq(sqlite3_open(book.path, &db), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db, "SELECT max(idx) FROM leaf", NULL, NULL, NULL),
                 SQLITE_OK);
    cr_assert_eq(
        sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_TRUNCATE, &left, &moved),
        SQLITE_OK);
    cr_expect_eq(left, 0, "a reader holds %d frames of the WAL", left);
    (void)sqlite3_close(db);
}

/* --- Whose it is ---------------------------------------------------------------------
 */

Test(index, a_small_log_has_no_file)
{
    char path[200];

    tear_down();
    book_make(&book);
    book_open(&book);
    town_fill(&book, node, INDEX_BLOCK - 1);
    open_reader();
    cr_expect_eq(build(), 0);
    index_path(path, sizeof(path), "");
    cr_expect_neq(access(path, F_OK), 0);
}

Test(index, that_of_another_log_is_made_anew)
{
    char name[200];
    char kept[256];

    cr_assert_eq(build(), 2);
    index_path(name, sizeof(name), "");
    (void)snprintf(kept, sizeof(kept), "%s.kept", name);
    ledger_reader_close(reader);
    reader = NULL;
    cr_assert_eq(rename(name, kept), 0);
    struct book old = book;
    book_make(&book);
    book_open(&book);
    node = "gw2";
    town_fill(&book, node, TWO_BLOCKS);
    index_path(name, sizeof(name), "");
    cr_assert_eq(rename(kept, name), 0);
    open_reader();
    cr_expect_eq(build(), 2, "none of it was believed");
    book_remove(&old);
}

Test(index, a_damaged_one_is_made_anew)
{
    char name[200];

    cr_assert_eq(build(), 2);
    ledger_reader_close(reader);
    index_path(name, sizeof(name), "");
    FILE *file = fopen(name, "r+");
    cr_assert_not_null(file);
    for (int i = 0; i < 8192; i++) {
        (void)fputc('x', file);
    }
    (void)fclose(file);
    open_reader();
    cr_expect_eq(build(), 2);
}

/* Runs SQL on the index's file, as an intruder would. */
static void tamper(const char *sql)
{
    char path[200];
    sqlite3 *db = NULL;

    index_path(path, sizeof(path), "");
    cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    (void)sqlite3_close(db);
}

/* Puts a value into all postings of the caller e-office. */
static void bend(const char *value)
{
    char *sql =
        sqlite3_mprintf("UPDATE posting SET records = %s WHERE word = %lld", value,
                        (long long)index_word(WORD_caller, slice_str("e-office")));

    tamper(sql);
    sqlite3_free(sql);
}

Test(index, that_of_another_version_is_made_anew)
{
    static const char *const others[] = {"PRAGMA user_version=2",
                                         "PRAGMA user_version=4"};

    for (size_t i = 0; i < SG_COUNT(others); i++) {
        cr_assert_eq(build(), 2);
        tamper(others[i]);
        cr_assert_eq(ledger_reader_index(reader, book.path, &why), SG_OK);
    }
    cr_expect_eq(build(), 2);
}

Test(index, what_it_wrongly_names_is_not_shown)
{
    char value[2 * INDEX_BITMAP + 4];

    learn_truth();
    cr_assert_eq(build(), 2);
    memset(value, 'f', sizeof(value));
    memcpy(value, "x'", 2);
    memcpy(value + 2 + (size_t)2 * INDEX_BITMAP, "'", 2);
    bend(value);
    expect_same(1, 0);
}

Test(index, a_fault_in_it_costs_no_record)
{
    static const char *const faults[] = {"x'00'", "x'ffff'", "zeroblob(4000)"};

    char path[200];

    learn_truth();
    for (size_t i = 0; i < SG_COUNT(faults); i++) {
        cr_assert_eq(ledger_reader_index(reader, book.path, &why), SG_OK);
        (void)build();
        bend(faults[i]);
        expect_same(1, 0);
        cr_expect_eq(ledger_reader_step(reader, &why), SG_CORRUPT, "told once");
        cr_expect_eq(ledger_reader_step(reader, &why), SG_NOT_FOUND);
        index_path(path, sizeof(path), "");
        cr_expect_neq(access(path, F_OK), 0, "the next one is made anew");
    }
}
