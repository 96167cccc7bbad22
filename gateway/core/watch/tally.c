#include "gateway/core/watch/tally.h"

#include <stdio.h>
#include <string.h>

/* One writer: no locked instruction is needed. */
static void grow(atomic_uint_fast64_t *counter)
{
    uint64_t now = atomic_load_explicit(counter, memory_order_relaxed);

    atomic_store_explicit(counter, now + 1, memory_order_relaxed);
}

static struct tally_row *find(struct tally *tally, const char *rule, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strncmp(tally->rows[i].rule, rule, TALLY_RULE_SIZE - 1) == 0) {
            return &tally->rows[i];
        }
    }
    return NULL;
}

static struct tally_row *make(struct tally *tally, const char *rule, size_t count)
{
    bool last = count == TALLY_ROWS - 1;
    struct tally_row *row = &tally->rows[count];

    (void)snprintf(row->rule, sizeof(row->rule), "%s", last ? "other" : rule);
    atomic_store_explicit(&tally->count, count + 1, memory_order_release);
    return row;
}

void tally_count(struct tally *tally, const char *named, enum tally_kind kind)
{
    const char *rule = named == NULL ? "" : named;
    size_t count = atomic_load_explicit(&tally->count, memory_order_relaxed);
    struct tally_row *row = find(tally, rule, count);

    if (row == NULL) {
        row =
            count < TALLY_ROWS ? make(tally, rule, count) : &tally->rows[TALLY_ROWS - 1];
    }
    grow(&row->counts[kind]);
}

void tally_accept(struct tally *tally)
{
    grow(&tally->accepted);
}

uint64_t tally_accepted(const struct tally *tally)
{
    return atomic_load_explicit(&tally->accepted, memory_order_relaxed);
}

const char *tally_rule(const struct tally *tally, size_t at, uint64_t counts[TALLY_KINDS])
{
    if (at >= atomic_load_explicit(&tally->count, memory_order_acquire)) {
        return NULL;
    }
    for (size_t i = 0; i < TALLY_KINDS; i++) {
        counts[i] =
            atomic_load_explicit(&tally->rows[at].counts[i], memory_order_relaxed);
    }
    return tally->rows[at].rule;
}
