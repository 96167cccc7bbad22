#ifndef SEGEL_CLIENT_PDF_ENTRIES_H
#define SEGEL_CLIENT_PDF_ENTRIES_H

#include "client/pdf/section.h"

/* Where the cross-references say that the objects of a letter lie: of each number its
 * newest entry. */

struct entry {
    uint64_t place; /* offset, or object stream and index in it */
    uint32_t generation;
    bool is_known;
    bool is_free;
    bool is_packed;
};

struct entries {
    struct entry *at; /* owned; by number */
    size_t count;
};

/* The zero state is valid for _fini. */
void entries_fini(struct entries *entries);
/* In the order from the newest section down: what is known of a number stays.
 * entry->number is up to PDF_OBJECT_MAX. false: no memory. */
SG_MUST_USE bool entries_note(struct entries *entries, const struct section_entry *entry);
/* NULL: no section has the number. */
const struct entry *entries_find(const struct entries *entries, size_t number);

#endif
