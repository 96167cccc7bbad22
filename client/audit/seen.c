#include "client/audit/seen.h"

#include <stdlib.h>

enum { SEEN_FIRST = 1024 };

static bool is_free(const struct seen_mark *slot)
{
    return (slot->word[0] | slot->word[1]) == 0;
}

bool seen_mark_equal(const struct seen_mark *a, const struct seen_mark *b)
{
    return a->word[0] == b->word[0] && a->word[1] == b->word[1];
}

/* Where the mark is, or the free slot where it would go. The table is never full. */
static struct seen_mark *place(const struct seen *seen, const struct seen_mark *mark)
{
    size_t at = (size_t)mark->word[0] & (seen->cap - 1);

    while (!is_free(&seen->slots[at]) && !seen_mark_equal(&seen->slots[at], mark)) {
        at = (at + 1) & (seen->cap - 1);
    }
    return &seen->slots[at];
}

static enum sg_status enlarge(struct seen *seen)
{
    struct seen bigger = {.cap = seen->cap == 0 ? SEEN_FIRST : seen->cap * 2};

    bigger.slots = (struct seen_mark *)calloc(bigger.cap, sizeof(*bigger.slots));
    if (bigger.slots == NULL) {
        return SG_NO_MEMORY;
    }
    for (size_t i = 0; i < seen->cap; i++) {
        if (!is_free(&seen->slots[i])) {
            *place(&bigger, &seen->slots[i]) = seen->slots[i];
        }
    }
    free(seen->slots);
    seen->slots = bigger.slots;
    seen->cap = bigger.cap;
    return SG_OK;
}

enum sg_status seen_add(struct seen *seen, struct seen_mark mark)
{
    if (seen->count * 4 >= seen->cap * 3) {
        TRY(enlarge(seen));
    }
    struct seen_mark *slot = place(seen, &mark);
    if (!is_free(slot)) {
        return SG_CONFLICT;
    }
    *slot = mark;
    seen->count++;
    return SG_OK;
}

void seen_fini(struct seen *seen)
{
    free(seen->slots);
    *seen = (struct seen){0};
}
