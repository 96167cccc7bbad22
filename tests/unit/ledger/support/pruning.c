#include "tests/unit/ledger/support/pruning.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>

struct scrubbing pruning_all;
struct book *const pruning_book = &pruning_all.book;

struct slice pruning_text(uint64_t index, char text[160])
{
    int len =
        snprintf(text, 160,
                 "{\"v\":1,\"seq\":%" PRIu64 ",\"ts\":\"2016-01-01T00:%02u:%02u.000000Z"
                 "\",\"type\":\"deny\",\"secret\":\"texttogo-%" PRIu64 "\"}",
                 index, (unsigned)(index / 60 % 60), (unsigned)(index % 60), index);

    return slice_of(text, (size_t)len);
}

void pruning_write(uint64_t count)
{
    char text[160];

    cr_assert_eq(ledger_begin(pruning_book->ledger), SG_OK);
    for (uint64_t i = 0; i < count; i++) {
        cr_assert_eq(
            ledger_append(pruning_book->ledger,
                          pruning_text(ledger_next_index(pruning_book->ledger), text),
                          NULL),
            SG_OK);
    }
    cr_assert_eq(ledger_commit(pruning_book->ledger), SG_OK);
}

void pruning_set_up(void)
{
    book_make(pruning_book);
    book_open(pruning_book);
    pruning_write(PRUNING_COVERED);
    book_checkpoint(pruning_book);
    pruning_write(PRUNING_RECORDS - PRUNING_COVERED);
}

void pruning_tear_down(void)
{
    scrubbing_close_reader(&pruning_all);
    book_remove(pruning_book);
}

const int64_t pruning_later_us = INT64_C(1451610000) * 1000000;

enum sg_status pruning_begin(uint64_t before, int64_t newest_us)
{
    struct ledger_prune prune = {.before = before, .newest_us = newest_us};
    struct prune_facts facts;
    char text[200];

    TRY(ledger_prune_check(pruning_book->ledger, before, &facts, &pruning_book->why));
    int len =
        snprintf(text, sizeof(text),
                 "{\"v\":1,\"ts\":\"2026-01-01T00:00:00.000000Z\",\"type\":\"log.prune\","
                 "\"before_index\":\"%" PRIu64 "\"}",
                 before);
    cr_assert_eq(ledger_begin(pruning_book->ledger), SG_OK);
    prune.index = ledger_next_index(pruning_book->ledger);
    cr_assert_eq(
        ledger_append(pruning_book->ledger, slice_of(text, (size_t)len), prune.hash),
        SG_OK);
    cr_assert_eq(ledger_prune(pruning_book->ledger, &prune), SG_OK);
    cr_assert_eq(ledger_commit(pruning_book->ledger), SG_OK);
    return SG_OK;
}

uint64_t pruning_finish(void)
{
    uint64_t kept = 0;
    uint64_t sum = 0;

    while (ledger_prune_step(pruning_book->ledger, &kept) == SG_OK) {
        sum += kept;
    }
    return sum;
}

struct ledger_reader *pruning_reader(void)
{
    struct ledger_reader *reader = NULL;

    cr_assert_eq(ledger_reader_open(pruning_book->path, &reader, &pruning_book->why),
                 SG_OK);
    return reader;
}

void pruning_take_first(void *context, uint64_t index, struct slice json)
{
    uint64_t *first = (uint64_t *)context;

    (void)json;
    *first = *first == UINT64_MAX ? index : *first;
}
