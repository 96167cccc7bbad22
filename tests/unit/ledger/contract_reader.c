#include "gateway/ledger/reader.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <unistd.h>

#include "gateway/ledger/record.h"
#include "tests/unit/ledger/support/book.h"
#include "tests/unit/ledger/support/contract.h"
#include "tests/unit/ledger/support/lawful.h"

static struct book book;
static struct ledger_reader *reader;

static void set_up(void)
{
    book_make(&book);
    book_open(&book);
    cr_assert_eq(ledger_reader_open(book.path, &reader, &book.why), SG_OK, "%s",
                 book.why.text);
}

static void tear_down(void)
{
    ledger_reader_close(reader);
    book_remove(&book);
}

enum { SEEN_MAX = 64 };
struct seen {
    uint64_t index[SEEN_MAX];
    size_t count;
};

static void note_it(void *context, uint64_t index, struct slice json)
{
    struct seen *seen = (struct seen *)context;

    cr_assert_gt(json.len, 0);
    cr_assert_lt(seen->count, SEEN_MAX);
    seen->index[seen->count++] = index;
}

static struct seen read_all(const struct record_filter *filter)
{
    struct seen seen = {0};
    struct record_page page = {.first = 0, .max = SEEN_MAX, .scan = 1000};

    cr_assert_eq(ledger_read(reader, filter, &page, note_it, &seen), SG_OK);
    return seen;
}

/* Ten jobs by turns: the even ones allowed for e-office, the odd ones denied to archive;
 * record 10 is an event. One minute lies between two. */
static const int64_t first_us = 1777683723456789;
static const int64_t minute_us = 60000000;

static void add_jobs(void)
{
    static char buffer[LEDGER_RECORD_MAX];
    static const struct record_failure failure = {.rule = "CP-6.3-01", .code = "EXPIRED"};
    struct slice text;

    cr_assert_eq(ledger_begin(book.ledger), SG_OK);
    for (uint64_t i = 0; i < 10; i++) {
        struct record_head head = {i, first_us + (int64_t)i * minute_us, "gw1"};
        struct record_job job = lawful_job();
        struct record_decision decision = lawful_decision();
        char id[16];
        (void)snprintf(id, sizeof(id), "req-%u", (unsigned)i);
        job.request_id = id;
        if (i % 2 == 0) {
            cr_assert_eq(record_intent(buffer, &head, &job, &decision, &text), SG_OK);
        } else {
            job.caller = "archive";
            job.mandate = NULL;
            job.document_class = "surat \"lain\"";
            decision = (struct record_decision){.failures = &failure, .failure_count = 1};
            cr_assert_eq(record_deny(buffer, &head, &job, &decision, &text), SG_OK);
        }
        cr_assert_eq(ledger_append(book.ledger, text, NULL), SG_OK);
    }
    struct record_head head = {10, first_us + 10 * minute_us, "gw1"};
    static const char *const pairs[] = {"lane", "lane0"};
    cr_assert_eq(record_event(buffer, &head, "lane.down", pairs, 1, &text), SG_OK);
    cr_assert_eq(ledger_append(book.ledger, text, NULL), SG_OK);
    cr_assert_eq(ledger_commit(book.ledger), SG_OK);
}

CONTRACT(reader, an_empty_filter_shows_all)
{
    struct record_filter filter = {0};

    add_jobs();
    cr_expect_eq(read_all(&filter).count, 11);
    cr_expect_eq(read_all(NULL).count, 11);
}

CONTRACT(reader, each_condition_alone_selects)
{
    static const char *const denials[] = {"deny"};
    static const char *const two[] = {"intent", "lane.down"};
    static const char *const part[] = {"den"};
    const struct {
        struct record_filter filter;
        size_t count;
        uint64_t first;
    } rows[] = {
        {{.caller = "e-office"}, 5, 0},
        {{.caller = "archive"}, 5, 1},
        {{.caller = "arch"}, 0, 0},
        {{.key = "seal-demo"}, 10, 0},
        {{.key = "seal-other"}, 0, 0},
        {{.rule = "CP-6.3-01"}, 5, 1},
        {{.rule = "CP-4.9-02"}, 5, 0},
        {{.rule = "EXPIRED"}, 0, 0},
        {{.decision = "deny"}, 5, 1},
        {{.decision = "allow"}, 5, 0},
        {{.document_class = "surat_tugas"}, 5, 0},
        {{.document_class = "surat \"lain\""}, 5, 1},
        {{.mandate = "g-88"}, 5, 0},
        {{.request_id = "req-7"}, 1, 7},
        {{.types = denials, .type_count = 1}, 5, 1},
        {{.types = two, .type_count = 2}, 6, 0},
        {{.types = part, .type_count = 1}, 0, 0},
        {{.from_us = first_us + 3 * minute_us}, 8, 3},
        {{.from_us = first_us + 3 * minute_us + 1}, 7, 4},
        {{.until_us = first_us + 3 * minute_us}, 3, 0},
        {{.from_us = first_us, .until_us = first_us + 1}, 1, 0},
        {{.caller = "e-office", .decision = "deny"}, 0, 0},
        {{.caller = "archive", .decision = "deny", .request_id = "req-3"}, 1, 3},
    };

    add_jobs();
    for (size_t i = 0; i < SG_COUNT(rows); i++) {
        struct seen seen = read_all(&rows[i].filter);
        cr_expect_eq(seen.count, rows[i].count, "row %zu: %zu", i, seen.count);
        cr_expect(seen.count == 0 || seen.index[0] == rows[i].first, "row %zu", i);
    }
}

CONTRACT(reader, pages_join_without_gap_or_repeat)
{
    struct record_filter filter = {.caller = "archive"};
    struct record_page page = {.first = 0, .max = 2, .scan = 100};
    struct seen seen = {0};

    add_jobs();
    while (page.first < 11) {
        cr_assert_eq(ledger_read(reader, &filter, &page, note_it, &seen), SG_OK);
        cr_assert_gt(page.next, page.first);
        page.first = page.next;
    }
    cr_expect_eq(seen.count, 5);
    for (size_t i = 0; i < 5; i++) {
        cr_expect_eq(seen.index[i], 2 * i + 1);
    }
}

CONTRACT(reader, a_page_looks_at_no_more_than_scan_allows)
{
    struct record_filter filter = {.caller = "nobody"};
    struct record_page page = {.first = 2, .max = 10, .scan = 4};
    struct seen seen = {0};

    add_jobs();
    cr_assert_eq(ledger_read(reader, &filter, &page, note_it, &seen), SG_OK);
    cr_expect_eq(page.next, 6);
    page = (struct record_page){.first = 2, .max = 1, .scan = 100};
    cr_assert_eq(ledger_read(reader, NULL, &page, note_it, &seen), SG_OK);
    cr_expect_eq(seen.count, 1);
    cr_expect_eq(page.next, 3);
}

CONTRACT(reader, beyond_the_end_there_is_nothing)
{
    struct record_page page = {.first = 11, .max = 10, .scan = 10};
    struct seen seen = {0};

    add_jobs();
    cr_assert_eq(ledger_read(reader, NULL, &page, note_it, &seen), SG_OK);
    cr_expect_eq(seen.count, 0);
    cr_expect_eq(page.next, 11);
    page.first = UINT64_MAX;
    cr_expect_eq(ledger_read(reader, NULL, &page, note_it, &seen), SG_INVALID);
}

CONTRACT(reader, only_committed_records_are_seen)
{
    uint64_t size = 99;

    cr_assert_eq(ledger_read_size(reader, &size), SG_OK);
    cr_expect_eq(size, 0);
    book_add(&book, 3);
    cr_assert_eq(ledger_begin(book.ledger), SG_OK);
    cr_assert_eq(ledger_append(book.ledger, slice_str("late"), NULL), SG_OK);
    cr_assert_eq(ledger_read_size(reader, &size), SG_OK);
    cr_expect_eq(size, 3);
    cr_assert_eq(ledger_commit(book.ledger), SG_OK);
    cr_assert_eq(ledger_read_size(reader, &size), SG_OK);
    cr_expect_eq(size, 4);
}

CONTRACT(reader, the_newest_checkpoint_is_given)
{
    uint8_t note[1024];
    size_t len = 0;
    uint64_t size = 0;
    struct note parsed;
    struct note_verdict verdict;

    cr_expect_eq(ledger_read_checkpoint(reader, note, sizeof(note), &len, &size),
                 SG_NOT_FOUND);
    book_add(&book, 3);
    book_checkpoint(&book);
    book_add(&book, 4);
    book_checkpoint(&book);
    cr_assert_eq(ledger_read_checkpoint(reader, note, sizeof(note), &len, &size), SG_OK);
    cr_expect_eq(size, 7);
    cr_assert_eq(note_parse(slice_of(note, len), &parsed), SG_OK);
    cr_expect_eq(note_verify(&parsed, &book.note_key, &verdict), SG_OK);
    cr_expect_eq(ledger_read_checkpoint(reader, note, 10, &len, &size), SG_TOO_LARGE);
}

CONTRACT(reader, an_outcome_is_found_once_it_is_settled)
{
    struct claim claim = book_claim("r1");
    uint64_t index = 0;

    cr_expect_eq(ledger_outcome_of(reader, "e-office", "r1", &index), SG_NOT_FOUND);
    cr_assert_eq(ledger_begin(book.ledger), SG_OK);
    cr_assert_eq(ledger_claim(book.ledger, &claim), SG_OK);
    cr_assert_eq(ledger_commit(book.ledger), SG_OK);
    cr_expect_eq(ledger_outcome_of(reader, "e-office", "r1", &index), SG_PRECONDITION);
    claim.state = CLAIM_SIGNED;
    claim.outcome_index = 42;
    cr_assert_eq(ledger_begin(book.ledger), SG_OK);
    cr_assert_eq(ledger_settle(book.ledger, &claim), SG_OK);
    cr_assert_eq(ledger_commit(book.ledger), SG_OK);
    cr_assert_eq(ledger_outcome_of(reader, "e-office", "r1", &index), SG_OK);
    cr_expect_eq(index, 42);
    cr_expect_eq(ledger_outcome_of(reader, "archive", "r1", &index), SG_NOT_FOUND);
}

static struct tlog_path tlog_of(const struct ledger_path *path)
{
    struct tlog_path out = {.count = path->count};

    memcpy(out.hash, path->hash, sizeof(path->hash));
    return out;
}

static void expect_inclusion(uint64_t index, uint64_t size)
{
    struct ledger_path path;
    struct tlog_hash root;
    struct tlog_hash want = book_root(size);
    struct tlog_hash leaf = book_leaf(index);
    struct tlog_place place = {index, size};

    cr_assert_eq(ledger_inclusion(reader, index, size, &path, root.bytes), SG_OK,
                 "%u of %u", (unsigned)index, (unsigned)size);
    cr_expect(tlog_hash_equal(&root, &want));
    struct tlog_path proof = tlog_of(&path);
    cr_expect_eq(tlog_inclusion_check(place, &leaf, &proof, &want), SG_OK, "%u of %u",
                 (unsigned)index, (unsigned)size);
}

static void expect_consistency(uint64_t before, uint64_t now)
{
    struct ledger_path path;
    struct tlog_head old_head = {before, book_root(before)};
    struct tlog_head new_head = {now, book_root(now)};

    cr_assert_eq(ledger_consistency(reader, before, now, &path), SG_OK);
    struct tlog_path proof = tlog_of(&path);
    cr_expect_eq(tlog_consistency_check(&old_head, &new_head, &proof), SG_OK, "%u to %u",
                 (unsigned)before, (unsigned)now);
}

CONTRACT(reader, proofs_verify_for_many_sizes)
{
    static const uint64_t sizes[] = {1,   2,   3,   7,   8,   255,  256, 257,
                                     300, 511, 512, 513, 768, 1000, 1100};

    book_add(&book, 1100);
    for (size_t i = 0; i < SG_COUNT(sizes); i++) {
        uint64_t size = sizes[i];
        for (uint64_t index = 0; index < size; index += 1 + size / 9) {
            expect_inclusion(index, size);
        }
        expect_inclusion(size - 1, size);
        for (size_t k = 0; k <= i; k++) {
            expect_consistency(sizes[k], size);
        }
        expect_consistency(0, size);
    }
}

CONTRACT(reader, proofs_verify_across_upper_tiles)
{
    enum { RECORDS = 65536 + 700 };

    book_add(&book, 32768);
    book_add(&book, RECORDS - 32768);
    expect_inclusion(0, RECORDS);
    expect_inclusion(65535, RECORDS);
    expect_inclusion(65536, RECORDS);
    expect_inclusion(RECORDS - 1, RECORDS);
    expect_inclusion(12345, 65536);
    expect_consistency(65535, RECORDS);
    expect_consistency(40000, RECORDS);
}

CONTRACT(reader, a_tree_larger_than_the_log_has_no_proof)
{
    struct ledger_path path;
    uint8_t root[32];

    book_add(&book, 10);
    cr_expect_eq(ledger_inclusion(reader, 0, 11, &path, root), SG_INVALID);
    cr_expect_eq(ledger_inclusion(reader, 10, 10, &path, root), SG_INVALID);
    cr_expect_eq(ledger_inclusion(reader, 0, 0, &path, root), SG_INVALID);
    cr_expect_eq(ledger_consistency(reader, 5, 11, &path), SG_INVALID);
    cr_expect_eq(ledger_consistency(reader, 9, 8, &path), SG_INVALID);
}
