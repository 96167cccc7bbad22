#ifndef SEGEL_CLIENT_PDF_PACKED_H
#define SEGEL_CLIENT_PDF_PACKED_H

#include "client/pdf/reader.h"

/* Objects that lie in object streams. qpdf finds them there by their number, and of two
 * takes the last; other viewers by their place, which the cross-references name. */
struct packed {
    struct pdf_buffer entries; /* owned; in the order of noting */
};

/* The zero state is valid for _fini. */
void packed_fini(struct packed *packed);
/* false: no memory. */
SG_MUST_USE bool packed_note(struct packed *packed, size_t number, size_t stream,
                             size_t index);

/* Do they lie in streams that have no number twice? exact: each lies where it is said to,
 * too. Reorders what was noted. */
SG_MUST_USE bool packed_are_plain(const struct pdf_reader *reader, struct packed *packed,
                                  bool exact);

#endif
