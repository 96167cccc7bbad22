#ifndef SEGEL_CLIENT_PDF_SECTION_H
#define SEGEL_CLIENT_PDF_SECTION_H

#include "proto/base.h"
#include "proto/slice.h"

/* One cross-reference section as its bytes have it: a table, or a stream. Every number
 * in it comes from a stranger; what cannot be read to the end is not read. */

struct section_entry {
    size_t number;
    uint32_t generation;
    uint64_t place; /* offset, or object stream and index in it */
    bool is_free;
    bool is_packed; /* it lies in an object stream */
};
/* Of one that is packed: its object stream, and where it lies in it. */
static inline size_t section_place_stream(uint64_t place)
{
    return (size_t)(place >> 32);
}
static inline size_t section_place_index(uint64_t place)
{
    return (size_t)(place & UINT32_MAX);
}

/* false: it has seen enough. */
typedef bool (*section_take)(void *context, const struct section_entry *entry);

struct section {
    struct slice pdf;  /* borrowed */
    size_t offset;     /* where it begins, blanks aside */
    section_take take; /* gets each entry in the order of the file */
    void *context;
    bool exact;        /* to the byte, as ISO 32000 has it: viewers count columns */
    bool newest;       /* nothing stands behind it */
    size_t size;       /* comes out, before the entries; 0 = it cannot be read */
    size_t prev;       /* comes out; 0 = none */
    size_t hybrid;     /* comes out of a table: the stream beside it; 0 = none */
    struct slice dict; /* comes out: its dictionary, as it stands, and two values of it */
    struct slice root;
    struct slice encrypt;
};

bool section_is_table(const struct section *section);
/* The section's dictionary only; of a table, and of a stream. */
SG_MUST_USE bool section_read_links(struct section *section);
SG_MUST_USE bool section_read_head(struct section *section);
/* Does what names the section stand at this place, behind it, and end its revision? */
bool section_ends(const struct section *section, size_t at);
/* false: it is not as ISO 32000 has it, or take had enough. */
SG_MUST_USE bool section_read_table(struct section *section);
SG_MUST_USE bool section_read_stream(struct section *section);

#endif
