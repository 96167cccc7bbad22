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

/* What one signature's dictionary says for a field of this name; locks: what is known so
 * far, the zero state at first. */
void pdf_locks_take(const struct pdf_reader *reader, qpdf_oh signature, const char *field,
                    struct pdf_locks *locks);

/* Refuses with PDF_FORM_DAMAGED. What forbids counts whether it is signed or not. */
SG_MUST_USE enum sg_status pdf_locks_find(const struct pdf_reader *reader,
                                          const char *field, struct pdf_locks *locks,
                                          struct pdf_verdict *verdict);

#endif
