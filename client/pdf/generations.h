#ifndef SEGEL_CLIENT_PDF_GENERATIONS_H
#define SEGEL_CLIENT_PDF_GENERATIONS_H

#include "client/pdf/reader.h"

/* Objects that were written anew under another generation, freed in between or not. qpdf
 * may have both, viewers have the newer one alone. */
struct generations {
    uint32_t
        *newest; /* owned; by number: one more than its newest; 0 = it had no other */
    size_t cap;
};

/* The zero state is valid for _fini. */
void generations_fini(struct generations *reused);
/* number: up to PDF_OBJECT_MAX. false: no memory, or no PDF has such a generation. */
SG_MUST_USE bool generations_note(struct generations *reused, size_t number,
                                  uint32_t newest);

/* Does all that the catalog leads to refer to none of them by another generation? Then
 * everybody sees the same. */
SG_MUST_USE bool generations_are_one(const struct pdf_reader *reader,
                                     const struct generations *reused);

#endif
