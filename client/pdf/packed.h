#ifndef SEGEL_CLIENT_PDF_PACKED_H
#define SEGEL_CLIENT_PDF_PACKED_H

#include "client/pdf/reader.h"

/* Objects that lie in object streams. qpdf finds them there by their number, and of two
 * takes the last; other viewers by their place, which the cross-references name. */
struct packed {
    struct pdf_buffer entries; /* owned; in the order of noting */
};

/* An object stream's bytes: so many pairs of number and offset, then the objects. */
struct packed_stream {
    struct slice text; /* owned */
    size_t first;      /* where the objects begin, up to text.len */
    size_t count;
};

/* false: it is none, or cannot be read. To be closed whatever the outcome. */
SG_MUST_USE bool packed_stream_open(const struct pdf_reader *reader, uint32_t number,
                                    struct packed_stream *stream);
void packed_stream_close(struct packed_stream *stream);
/* The next pair; *at is moved behind it. false: there is none that a PDF can have. */
SG_MUST_USE bool packed_stream_pair(const struct packed_stream *stream, size_t *at,
                                    uint32_t *number, size_t *offset);

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
