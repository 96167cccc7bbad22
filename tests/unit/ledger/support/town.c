#include "tests/unit/ledger/support/town.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "gateway/ledger/record.h"
#include "tests/unit/ledger/support/lawful.h"

static const int64_t first_us = 1777683723456789;

const char *const town_callers[TOWN_CALLERS] = {"e-office", "archive", "licences",
                                                "taxes"};
const char *const town_keys[TOWN_NAMES] = {"seal-demo", "seal-tax", "seal-rare"};
const char *const town_classes[TOWN_NAMES] = {"surat_tugas", "surat \"lain\"", "nota"};
const char *const town_mandates[TOWN_NAMES] = {NULL, "g-88", "g-89"};
const char *const town_rules[TOWN_NAMES] = {"CP-4.9-02", "CP-6.3-01", "CP-9.9-99"};

/* Numbers without a pattern, the same in each run. */
uint32_t town_draw(uint32_t limit)
{
    static uint32_t state = 1;

    state = state * 1664525 + 1013904223;
    return (state >> 8) % limit;
}

/* One in a thousand is rare. */
static uint32_t mostly_first(uint32_t limit)
{
    return town_draw(1000) == 0 ? limit - 1 : town_draw(limit - 1);
}

static struct slice make_job(char *buffer, const struct record_head *head)
{
    struct record_job job = lawful_job();
    struct record_decision decision = lawful_decision();
    const char *shadow = town_rules[mostly_first(3)];
    struct record_failure failure = {.rule = town_rules[mostly_first(3)], .code = "CODE"};
    struct slice text;
    char id[24];

    (void)snprintf(id, sizeof(id), "req-%u", (unsigned)(head->seq / 3));
    job.request_id = id;
    job.caller = town_callers[mostly_first(4)];
    job.key = town_keys[mostly_first(3)];
    job.document_class = town_classes[mostly_first(3)];
    job.mandate = town_mandates[mostly_first(3)];
    decision.remarks[town_draw(REMARKS)] = (struct record_rules){&shadow, town_draw(2)};
    const struct record_lift lift = {town_rules[head->seq % 2], "o-1"};
    decision.lifts = &lift;
    decision.lift_count = head->seq % 7 == 0 ? 1 : 0;
    decision.failures = &failure;
    decision.failure_count = 1;
    cr_assert_eq(town_draw(4) == 0 ? record_deny(buffer, head, &job, &decision, &text)
                                   : record_intent(buffer, head, &job, &decision, &text),
                 SG_OK);
    return text;
}

int64_t town_time_us(uint64_t index)
{
    return first_us + (int64_t)index * 1000000;
}

static struct slice make_record(char *buffer, const char *node, uint64_t seq)
{
    static const char *const pairs[] = {"lane", "lane0"};
    int64_t step_back_us = seq > 5000 && seq < 5100 ? 3600000000 : 0;
    struct record_head head = {seq, town_time_us(seq) - step_back_us, node};
    struct slice text;

    if (town_draw(50) == 0) {
        cr_assert_eq(record_event(buffer, &head, "lane.down", pairs, 1, &text), SG_OK);
        return text;
    }
    if (town_draw(500) == 0) {
        return slice_str("no JSON at all, with seal-demo in it");
    }
    return make_job(buffer, &head);
}

void town_fill(struct book *book, const char *node, uint64_t count)
{
    static char buffer[LEDGER_RECORD_MAX];

    cr_assert_eq(ledger_begin(book->ledger), SG_OK);
    for (uint64_t i = 0; i < count; i++) {
        struct slice text = make_record(buffer, node, ledger_next_index(book->ledger));
        cr_assert_eq(ledger_append(book->ledger, text, NULL), SG_OK);
    }
    cr_assert_eq(ledger_commit(book->ledger), SG_OK);
}
