#include <inttypes.h>
#include <stdlib.h>

#include "client/batch/journal_inside.h"
#include "client/batch/journal_line.h"

/* --- Letters in memory ------------------------------------------------------------- */

static size_t slot_of(const struct journal *journal, const uint8_t name[16])
{
    size_t at = 0;

    memcpy(&at, name, sizeof(at));
    at &= journal->table_cap - 1;
    while (journal->table[at] != 0 &&
           memcmp(journal->letters[journal->table[at] - 1].name, name, 16) != 0) {
        at = (at + 1) & (journal->table_cap - 1);
    }
    return at;
}

enum sg_status journal_grow(struct journal *journal)
{
    size_t cap = journal->cap == 0 ? 256 : journal->cap * 2;
    void *letters = reallocarray(journal->letters, cap, sizeof(*journal->letters));

    if (letters == NULL) {
        return SG_NO_MEMORY;
    }
    journal->letters = (struct journal_letter *)letters;
    journal->cap = cap;
    free(journal->table);
    journal->table_cap = cap * 2;
    journal->table = (uint32_t *)calloc(journal->table_cap, sizeof(uint32_t));
    if (journal->table == NULL) {
        return SG_NO_MEMORY;
    }
    for (size_t i = 0; i < journal->count; i++) {
        journal->table[slot_of(journal, journal->letters[i].name)] = (uint32_t)i + 1;
    }
    return SG_OK;
}

enum sg_status journal_remember(struct journal *journal,
                                const struct journal_letter *letter)
{
    if (journal->count == journal->cap) {
        TRY(journal_grow(journal));
    }
    journal->letters[journal->count] = *letter;
    journal->table[slot_of(journal, letter->name)] = (uint32_t)++journal->count;
    return SG_OK;
}

const char *journal_run(const struct journal *journal)
{
    return journal->run;
}

bool journal_forces(const struct journal *journal)
{
    return journal->force;
}

const char *journal_path(const struct journal *journal)
{
    return journal->path;
}

size_t journal_count(const struct journal *journal)
{
    return journal->count;
}

struct journal_letter *journal_at(struct journal *journal, size_t i)
{
    return &journal->letters[i];
}

struct journal_letter *journal_find(struct journal *journal, const char *output)
{
    uint8_t name[16];

    journal_name(output, name);
    uint32_t found = journal->table[slot_of(journal, name)];
    return found == 0 ? NULL : &journal->letters[found - 1];
}

void journal_id(const struct journal *journal, const struct journal_letter *letter,
                char out[JOURNAL_ID_SIZE])
{
    (void)snprintf(out, JOURNAL_ID_SIZE, "%s-%06" PRIu32, journal->run, letter->number);
}
