#ifndef SEGEL_CLIENT_PDF_SIGNATURE_H
#define SEGEL_CLIENT_PDF_SIGNATURE_H

#include "client/pdf/append.h"

/* The signature dictionary, with holes for what is known only later. Offsets count from
 * the start of the appendix. */
struct pdf_holes {
    size_t byte_range;   /* of "[" */
    size_t contents;     /* of "<" */
    size_t contents_end; /* just after ">" */
    size_t id;           /* PDF_APPEND_ID hex digits of /ID; 0 = none */
};

enum { PDF_RANGE_LEN = 48 };

/* number is that of its object. */
void pdf_signature_append(struct pdf_append *append, int number,
                          const struct pdf_wish *wish, struct pdf_holes *holes);

#endif
