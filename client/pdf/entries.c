#include "client/pdf/entries.h"

#include <stdlib.h>

#include "client/pdf/reader.h"

void entries_fini(struct entries *entries)
{
    free(entries->at);
    *entries = (struct entries){0};
}

static bool reach(struct entries *entries, size_t number)
{
    if (number < entries->count) {
        return true;
    }
    size_t count = number < PDF_OBJECT_MAX / 2 ? number * 2 + 64 : PDF_OBJECT_MAX + 1;
    struct entry *more =
        (struct entry *)realloc(entries->at, count * sizeof(struct entry));
    if (more == NULL) {
        return false;
    }
    memset(more + entries->count, 0, (count - entries->count) * sizeof(struct entry));
    entries->at = more;
    entries->count = count;
    return true;
}

bool entries_note(struct entries *entries, const struct section_entry *entry)
{
    if (!reach(entries, entry->number)) {
        return false;
    }
    struct entry *at = &entries->at[entry->number];
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
