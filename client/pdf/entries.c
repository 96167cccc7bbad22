#include "client/pdf/entries.h"

#include <stdlib.h>

#include "client/pdf/by_number.h"

void entries_fini(struct entries *entries)
{
    free(entries->at);
    *entries = (struct entries){0};
}

bool entries_note(struct entries *entries, const struct section_entry *entry)
{
    struct entry *all = (struct entry *)by_number_reach(
        entries->at, &entries->count, entry->number, sizeof(struct entry));
    if (all == NULL) {
        return false;
    }
    entries->at = all;
    struct entry *at = &all[entry->number];
    if (!at->is_known) {
        *at = (struct entry){.place = entry->place,
                             .generation = entry->generation,
                             .is_known = true,
                             .is_free = entry->is_free,
                             .is_packed = entry->is_packed};
    }
    return true;
}

const struct entry *entries_find(const struct entries *entries, size_t number)
{
    return number < entries->count && entries->at[number].is_known ? &entries->at[number]
                                                                   : NULL;
}
