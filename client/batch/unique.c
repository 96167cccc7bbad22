#include "client/batch/unique.h"

#include <stdlib.h>

#include "client/batch/journal_line.h"

static const uint8_t free_row[16];

static uint8_t *place_of(const struct unique *unique, const uint8_t name[16])
{
    size_t at = 0;

    memcpy(&at, name, sizeof(at));
    at &= unique->cap - 1;
    while (memcmp(unique->rows[at], free_row, 16) != 0 &&
           memcmp(unique->rows[at], name, 16) != 0) {
        at = (at + 1) & (unique->cap - 1);
    }
    return unique->rows[at];
}

static enum sg_status grow(struct unique *unique)
{
    struct unique larger = {.cap = unique->cap == 0 ? 256 : unique->cap * 2,
                            .count = unique->count};

    larger.rows = (uint8_t(*)[16])calloc(larger.cap, sizeof(*larger.rows));
    if (larger.rows == NULL) {
        return SG_NO_MEMORY;
    }
    for (size_t i = 0; i < unique->cap; i++) {
        if (memcmp(unique->rows[i], free_row, 16) != 0) {
            memcpy(place_of(&larger, unique->rows[i]), unique->rows[i], 16);
        }
    }
    free(unique->rows);
    *unique = larger;
    return SG_OK;
}

enum sg_status unique_add(struct unique *unique, const char *text, bool *fresh)
{
    uint8_t name[16];

    if (2 * unique->count >= unique->cap) {
        TRY(grow(unique));
    }
    journal_name(text, name);
    uint8_t *place = place_of(unique, name);
    *fresh = memcmp(place, name, 16) != 0;
    memcpy(place, name, 16);
    unique->count += *fresh ? 1 : 0;
    return SG_OK;
}

bool unique_has(const struct unique *unique, const char *text)
{
    uint8_t name[16];

    if (unique->cap == 0) {
        return false;
    }
    journal_name(text, name);
    return memcmp(place_of(unique, name), name, 16) == 0;
}

void unique_fini(struct unique *unique)
{
    free(unique->rows);
    *unique = (struct unique){.cap = 0};
}
