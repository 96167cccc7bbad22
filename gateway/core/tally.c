#include "gateway/core/tally.h"

#include <stdio.h>
#include <string.h>

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

void tally_deny(struct tally *tally, const char *rule)
{
    size_t count = atomic_load_explicit(&tally->count, memory_order_relaxed);
    struct tally_row *row = find(tally, rule, count);

    if (row == NULL) {
        row =
            count < TALLY_ROWS ? make(tally, rule, count) : &tally->rows[TALLY_ROWS - 1];
    }
    atomic_fetch_add_explicit(&row->denied, 1, memory_order_relaxed);
}

const char *tally_rule(const struct tally *tally, size_t at, uint64_t *denied)
{
    if (at >= atomic_load_explicit(&tally->count, memory_order_acquire)) {
        return NULL;
    }
    *denied = atomic_load_explicit(&tally->rows[at].denied, memory_order_relaxed);
    return tally->rows[at].rule;
}
