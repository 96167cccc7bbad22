#ifndef SEGEL_CLIENT_PDF_LOOK_H
#define SEGEL_CLIENT_PDF_LOOK_H

#include "client/pdf/image.h"
#include "client/pdf/template.h"

/* What the stamps of a run look like. Made once, then only read, by any thread. */
struct pdf_look {
    /* NULL = no template: the QR code to the left, the words beside it, the logo to the
     * right, in a size that fits the rectangle. */
    const struct pdf_template *layout;
    struct pdf_image logo; /* owned; of the certification authority */
    struct pdf_image agency_logo;
    bool sample; /* nothing will be signed: a frame stands where a logo is missing */
};

void pdf_look_fini(struct pdf_look *look);

#endif
