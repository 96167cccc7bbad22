#include "client/audit/pending.h"

#include <stdlib.h>

enum { PENDING_FIRST = 256 };

/* Where the index is, or the free slot where it would go. The table is never full. */
static size_t place(const struct pending *pending, uint64_t index)
{
    size_t at = (size_t)((index * 0x9E3779B97F4A7C15u) >> 20) & (pending->cap - 1);

    while (pending->slots[at].used && pending->slots[at].index != index) {
        at = (at + 1) & (pending->cap - 1);
    }
    return at;
}

static enum sg_status enlarge(struct pending *pending)
{
    struct pending bigger = {.cap = pending->cap == 0 ? PENDING_FIRST : pending->cap * 2};

    bigger.slots = (struct pending_slot *)calloc(bigger.cap, sizeof(*bigger.slots));
    if (bigger.slots == NULL) {
        return SG_NO_MEMORY;
    }
    for (size_t i = 0; i < pending->cap; i++) {
        if (pending->slots[i].used) {
            bigger.slots[place(&bigger, pending->slots[i].index)] = pending->slots[i];
        }
    }
    bigger.count = pending->count;
    free(pending->slots);
    *pending = bigger;
    return SG_OK;
}

enum sg_status pending_add(struct pending *pending, const struct pending_slot *slot)
{
    if (pending->count * 2 >= pending->cap) {
        TRY(enlarge(pending));
    }
    struct pending_slot *to = &pending->slots[place(pending, slot->index)];
    if (to->used) {
        return SG_CONFLICT;
    }
    *to = *slot;
    to->used = true;
    pending->count++;
    return SG_OK;
}

/* Closes the hole: entries behind it that had to step over it move up. */
static void close_hole(struct pending *pending, size_t hole)
{
    size_t at = hole;

    pending->slots[hole].used = false;
    for (;;) {
        at = (at + 1) & (pending->cap - 1);
        if (!pending->slots[at].used) {
            return;
        }
        struct pending_slot moved = pending->slots[at];
        pending->slots[at].used = false;
        pending->slots[place(pending, moved.index)] = moved;
    }
}

bool pending_remove(struct pending *pending, uint64_t index, struct pending_slot *out)
{
    if (pending->count == 0) {
        return false;
    }
    size_t at = place(pending, index);
    if (!pending->slots[at].used) {
        return false;
    }
    *out = pending->slots[at];
    close_hole(pending, at);
    pending->count--;
    return true;
}

void pending_fini(struct pending *pending)
{
    free(pending->slots);
    *pending = (struct pending){0};
}
