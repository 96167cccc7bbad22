#ifndef SEGEL_CLIENT_SIGN_STAMP_H
#define SEGEL_CLIENT_SIGN_STAMP_H

#include "client/pdf/look.h"
#include "client/pdf/pdf.h"
#include "segel/v1/signing.pb-c.h"

/* How the letters of a run are stamped: a template of the user's, statement and logos of
 * the gateway's policy, the name of the certificate. */
struct sign_stamp {
    const char *name;           /* borrowed; of the template; NULL = none */
    struct pdf_template layout; /* owned */
    struct pdf_look look;       /* owned */
    char signer[256];           /* common name in the certificate */
};

/* name: one of those shipped, or a path with '/' or that ends in ".stamp"; NULL: no
 * template. SG_INVALID: why says what is wrong with it, by line. The caller gives *out to
 * sign_stamp_fini whatever the outcome. */
SG_MUST_USE enum sg_status sign_stamp_read(const char *name, struct sign_stamp *out,
                                           struct sg_error *why);
/* Where a stamp goes when its order does not say: as the template has it. */
void sign_stamp_place(const struct sign_stamp *stamp, struct pdf_wish *wish);
/* Sets look and signer of the wish, which must not outlive the stamp. Failures as
 * pdf_look_make. */
SG_MUST_USE enum sg_status sign_stamp_fit(struct sign_stamp *stamp,
                                          const Segel__V1__GetSignerResponse *signer,
                                          struct pdf_wish *wish, struct sg_error *why);
void sign_stamp_fini(struct sign_stamp *stamp);

#endif
