#include "client/report/cells.h"

#include <stdlib.h>

enum { RESTS = 4096 };

enum sg_status cells_init(struct cells *cells, size_t most)
{
    size_t slots = 64;

    while (slots < 2 * (most + RESTS)) {
        slots *= 2;
    }
    *cells = (struct cells){.mask = slots - 1, .most = most};
    cells->rows = (struct cell *)calloc(most + RESTS, sizeof(*cells->rows));
    cells->slots = (uint32_t *)calloc(slots, sizeof(*cells->slots));
    return cells->rows != NULL && cells->slots != NULL ? SG_OK : SG_NO_MEMORY;
}

void cells_fini(struct cells *cells)
{
    free(cells->rows);
    free(cells->slots);
    *cells = (struct cells){0};
}

static bool is_key(const struct cells *cells, uint32_t slot,
                   const uint16_t key[CELL_KEYS])
{
    const struct cell *row = &cells->rows[slot - 1];

    return memcmp(row->key, key, sizeof(row->key)) == 0;
}

/* The slot of the key, or the free one where it would go. */
static uint32_t *place(const struct cells *cells, const uint16_t key[CELL_KEYS])
{
    uint64_t mixed = 0;

    memcpy(&mixed, key, sizeof(mixed));
    size_t at = (size_t)((mixed * UINT64_C(0x9E3779B97F4A7C15)) >> 32) & cells->mask;
    while (cells->slots[at] != 0 && !is_key(cells, cells->slots[at], key)) {
        at = (at + 1) & cells->mask;
    }
    return &cells->slots[at];
}

static void take(struct cells *cells, uint32_t *slot, const uint16_t key[CELL_KEYS])
{
    MUST(cells->count < cells->most + RESTS);
    struct cell *row = &cells->rows[cells->count++];
    memcpy(row->key, key, sizeof(row->key));
    *slot = (uint32_t)cells->count;
}

uint64_t *cells_at(struct cells *cells, const uint16_t key[CELL_KEYS],
                   const uint16_t rest[CELL_KEYS])
{
    uint32_t *slot = place(cells, key);

    if (*slot == 0 && cells->count >= cells->most) {
        slot = place(cells, rest);
        key = rest;
    }
    if (*slot == 0) {
        take(cells, slot, key);
    }
    return cells->rows[*slot - 1].count;
}
