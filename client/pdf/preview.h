#ifndef SEGEL_CLIENT_PDF_PREVIEW_H
#define SEGEL_CLIENT_PDF_PREVIEW_H

#include "client/pdf/look.h"
#include "client/pdf/pdf.h"

/* A page of A4 with the stamp of a wish where it would stand, and the words that nothing
 * is signed. Refuses as pdf_prepare does: what is refused here is refused there. */
SG_MUST_USE enum sg_status pdf_preview(const struct pdf_wish *wish,
                                       struct pdf_buffer *out, struct sg_error *why);

#endif
