#ifndef SEGEL_CLIENT_PDF_LOOK_H
#define SEGEL_CLIENT_PDF_LOOK_H

#include "client/pdf/stamp/image.h"
#include "client/pdf/stamp/template.h"

/* What the stamps of a run look like. Made once, then only read, by any thread. */
struct pdf_look {
    /* Borrowed. NULL = no template: the QR code to the left, the words beside it, the
     * logo to the right, in a size that fits the rectangle. */
    const struct pdf_template *layout;
    struct pdf_image logo; /* owned; of the certification authority */
    struct pdf_image agency_logo;
    uint64_t serial; /* as pdf_guard_serial gave it when all of this was there; 0 = it may
                      * still change */
    bool sample;     /* nothing will be signed: a frame stands where a logo is missing */
};

/* What the gateway's policy says of stamps (GetSigner). */
struct pdf_policy {
    const char *statement;    /* NULL or "" = none is asked for */
    struct slice logo_sha256; /* empty = none is asked for */
    struct slice logo;        /* the PNG; empty = the gateway does not have it */
    struct slice agency_logo_sha256;
    struct slice agency_logo;
};

/* layout may be NULL; name is its own, for why. SG_PRECONDITION: the template does not do
 * what the policy asks for (pdf_template_fits), or the gateway lacks the logo, or has
 * sent another file than the policy names. Otherwise as pdf_image_read. */
SG_MUST_USE enum sg_status pdf_look_make(const struct pdf_template *layout,
                                         const char *name,
                                         const struct pdf_policy *policy,
                                         struct pdf_look *out, struct sg_error *why);
void pdf_look_fini(struct pdf_look *look);

#endif
