#ifndef SEGEL_CLIENT_PDF_BUILD_H
#define SEGEL_CLIENT_PDF_BUILD_H

#include "client/pdf/font/fonts.h"
#include "client/pdf/signature.h"

/* Reading a letter and writing its appendix: the part that meets hostile input. */

/* What comes back from the child process, followed by the appendix when status is SG_OK.
 * The digest, /ByteRange and /ID are filled in by whoever asked. */
struct pdf_built {
    enum sg_status status;
    enum pdf_refusal refusal;
    struct pdf_holes holes;
    struct sg_error why;
};

struct pdf_order {
    struct slice pdf;
    const struct pdf_wish *wish;
    const struct pdf_fonts *fonts; /* of the stamp; NULL = it is not visible */
};

/* context is a struct pdf_order; answer gets a struct pdf_built and the appendix. */
void pdf_build(const void *context, struct pdf_buffer *answer);

#endif
