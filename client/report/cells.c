#include "client/report/cells.h"

#include <stdlib.h>

enum { RESTS = 4096 };

enum sg_status cells_init(struct cells *cells, size_t most)
{
    size_t cap = 64;

    while (cap < 2 * (most + RESTS)) {
        cap *= 2;
    }
    *cells = (struct cells){.cap = cap, .most = most};
    cells->slots = (struct cell *)calloc(cap, sizeof(*cells->slots));
    return cells->slots != NULL ? SG_OK : SG_NO_MEMORY;
}

void cells_fini(struct cells *cells)
{
    free(cells->slots);
    *cells = (struct cells){0};
}

/* The slot of the key, or the free one where it would go. */
static struct cell *place(const struct cells *cells, const uint16_t key[CELL_KEYS])
{
    uint64_t mixed = 0;

    memcpy(&mixed, key, sizeof(mixed));
    size_t at = (size_t)((mixed * UINT64_C(0x9E3779B97F4A7C15)) >> 32) & (cells->cap - 1);
    while (cells->slots[at].used &&
           memcmp(cells->slots[at].key, key, sizeof(cells->slots[at].key)) != 0) {
        at = (at + 1) & (cells->cap - 1);
    }
    return &cells->slots[at];
}

static void take(struct cells *cells, struct cell *slot, const uint16_t key[CELL_KEYS])
{
    MUST(cells->count < cells->most + RESTS);
    slot->used = true;
    memcpy(slot->key, key, sizeof(slot->key));
    cells->count++;
}

uint64_t *cells_at(struct cells *cells, const uint16_t key[CELL_KEYS],
                   const uint16_t rest[CELL_KEYS])
{
    struct cell *slot = place(cells, key);

    if (!slot->used && cells->count < cells->most) {
        take(cells, slot, key);
    }
    if (slot->used) {
        return slot->count;
    }
    slot = place(cells, rest);
    if (!slot->used) {
        take(cells, slot, rest);
    }
    return slot->count;
}

enum sg_status cells_rows(const struct cells *cells, struct cell **rows)
{
    size_t count = 0;

    *rows = (struct cell *)calloc(cells->count + 1, sizeof(**rows));
    if (*rows == NULL) {
        return SG_NO_MEMORY;
    }
    for (size_t i = 0; i < cells->cap; i++) {
        if (cells->slots[i].used) {
            (*rows)[count++] = cells->slots[i];
        }
    }
    return SG_OK;
}
