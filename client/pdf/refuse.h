#ifndef SEGEL_CLIENT_PDF_REFUSE_H
#define SEGEL_CLIENT_PDF_REFUSE_H

#include "client/pdf/pdf.h"

/* Where the reason of a refusal goes: the code for programs, the sentence for people. */
struct pdf_verdict {
    enum pdf_refusal refusal;
    struct sg_error *why; /* borrowed; may be NULL */
};

/* Sets both and returns SG_INVALID. detail says what exactly was found: it may come from
 * the file, so only its printable characters are repeated. NULL = nothing to add. */
SG_MUST_USE enum sg_status pdf_refuse(struct pdf_verdict *verdict,
                                      enum pdf_refusal refusal, const char *detail);

#endif
