#ifndef SEGEL_CLIENT_PDF_GENERATIONS_H
#define SEGEL_CLIENT_PDF_GENERATIONS_H

#include "client/pdf/reader.h"

/* Objects that were written anew under another generation, freed in between or not. qpdf
 * may have both, viewers have the newer one alone. */
enum { GENERATIONS_MAX = 64 };

struct generations {
    struct {
        int number;
        int generation; /* of the newest */
    } at[GENERATIONS_MAX];
    size_t count;
};

/* Does all that the catalog leads to refer to none of them by another generation? Then
 * everybody sees the same. */
SG_MUST_USE bool generations_are_one(const struct pdf_reader *reader,
                                     const struct generations *reused);

#endif
