#ifndef SEGEL_CLIENT_PDF_XREF_H
#define SEGEL_CLIENT_PDF_XREF_H

#include "client/pdf/refuse.h"
#include "proto/slice.h"

/* Where the last cross-reference section of a letter begins, and whether it is a table
 * or a stream. A hybrid file's last section is a table. */
struct pdf_xref {
    size_t offset;
    bool is_stream;
};

/* Refuses with PDF_NO_STARTXREF. to_append: its end need not be where every viewer looks.
 */
SG_MUST_USE enum sg_status pdf_xref_find(struct slice pdf, bool to_append,
                                         struct pdf_xref *xref,
                                         struct pdf_verdict *verdict);

#endif
