#ifndef SEGEL_CLIENT_PDF_SECTIONS_H
#define SEGEL_CLIENT_PDF_SECTIONS_H

#include "client/pdf/entries.h"
#include "client/pdf/generations.h"
#include "client/pdf/packed.h"
#include "proto/slice.h"

/* All cross-reference sections of a letter, from the newest down. qpdf keeps objects by
 * number and generation and takes the first entry of a section; viewers go by the number
 * alone, and some take the last. Where these can differ, nobody could say what a reader
 * of the letter sees. */

struct sections_rule {
    /* The section from which on nothing is judged. What stands above was added to a
     * letter that somebody signed, and leads where it says: viewers that find something
     * else make a table of their own, from all that looks like an object. 0 = all are
     * judged, and programs may have written what leads nowhere. */
    size_t known;
    /* Whither numbers go that had another generation: they are not held against the
     * letter here. NULL: they are. */
    struct generations *reused;
    struct packed *packed; /* borrowed; whither what lies in object streams goes */
    /* Borrowed; whither all entries go, and those of sections that are not judged. NULL:
     * nowhere. */
    struct entries *now;
    struct entries *before;
    struct pdf_buffer *trailers; /* likewise, the dictionaries of what was added: struct
                                  * slice, from the newest down */
    struct pdf_buffer *places;   /* with it: where its sections say that they and objects
                                  * lie, each of them, in no order: size_t */
};

/* The dictionary of the newest section, as it stands; empty = it cannot be read. */
struct slice sections_dict(struct slice pdf, size_t offset);

/* Is each number of a section in it once, and has no other generation in use below? The
 * newest section begins at offset. false: no, or the sections cannot be followed. */
SG_MUST_USE bool sections_are_plain(struct slice pdf, size_t offset,
                                    const struct sections_rule *rule);

#endif
