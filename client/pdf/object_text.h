#ifndef SEGEL_CLIENT_PDF_OBJECT_TEXT_H
#define SEGEL_CLIENT_PDF_OBJECT_TEXT_H

#include "client/pdf/entries.h"
#include "client/pdf/packed.h"

/* The bytes of objects as the file has them, for whoever has to see what the parser
 * leaves out. */
struct object_text {
    const struct pdf_reader *reader; /* borrowed */
    struct packed_stream stream;     /* owned; the last one that was read */
    uint32_t number;                 /* its; 0 = none */
};

/* With reader set, the rest zero is valid. */
void object_text_fini(struct object_text *texts);
/* What follows "N G obj", up to the end of the file; of what lies in an object stream, up
 * to the next object. Valid until the next call. false: the entry leads to nothing. */
SG_MUST_USE bool object_text_find(struct object_text *texts, size_t number,
                                  const struct entry *entry, struct slice *text);

#endif
