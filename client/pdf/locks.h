#ifndef SEGEL_CLIENT_PDF_LOCKS_H
#define SEGEL_CLIENT_PDF_LOCKS_H

#include "client/pdf/reader.h"

/* What those who signed the letter before allow to come after them (ISO 32000-2 12.8.2).
 * A certification counts, and so does what an approval signature took over from the /Lock
 * of its field: of several the strictest is in force. */
struct pdf_locks {
    int level;   /* /P of DocMDP: 1 nothing, 2 or 3 existing fields; 0 = nobody said */
    bool locked; /* the field of this name must not be changed any more */
};

/* Refuses with PDF_FORM_DAMAGED. */
SG_MUST_USE enum sg_status pdf_locks_find(const struct pdf_reader *reader,
                                          const char *field, struct pdf_locks *locks,
                                          struct pdf_verdict *verdict);

#endif
