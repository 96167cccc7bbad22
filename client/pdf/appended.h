#ifndef SEGEL_CLIENT_PDF_APPENDED_H
#define SEGEL_CLIENT_PDF_APPENDED_H

#include "client/pdf/buffer.h"
#include "client/pdf/entries.h"

/* What was added to a letter, from its first byte to its last. An object that no section
 * names is nobody's, until a viewer loses its way and takes all that looks like one. */
struct appended {
    struct slice pdf;             /* borrowed */
    size_t from;                  /* where it begins */
    struct pdf_buffer *places;    /* borrowed; size_t, sorted here: see sections_rule */
    const struct entries *newest; /* borrowed; where a stream's length may lie */
};

/* Is it objects that its sections name, the sections themselves and what ends them, each
 * behind the other, with blanks and comments between? */
SG_MUST_USE bool appended_is_named(const struct appended *appended);

#endif
