#ifndef SEGEL_CLIENT_SEGEL_STAMP_H
#define SEGEL_CLIENT_SEGEL_STAMP_H

#include "client/pdf/look.h"
#include "client/pdf/pdf.h"
#include "segel/v1/signing.pb-c.h"

/* How the letters of a run are stamped: a template of the user's, statement and logos of
 * the gateway's policy, the name of the certificate. */
struct segel_stamp {
    const char *name;           /* borrowed; of the template; NULL = none */
    struct pdf_template layout; /* owned */
    struct pdf_look look;       /* owned */
    char signer[256];           /* common name in the certificate */
};

/* name: one of those shipped, or a path with '/' or that ends in ".stamp"; NULL: no
 * template. SG_INVALID: why says what is wrong with it, by line. The caller gives *out to
 * stamp_fini whatever the outcome. */
SG_MUST_USE enum sg_status stamp_read(const char *name, struct segel_stamp *out,
                                      struct sg_error *why);
/* Where a stamp goes when its order does not say: as the template has it. */
void stamp_place(const struct segel_stamp *stamp, struct pdf_wish *wish);
/* Makes look and signer, for wishes that do not outlive the stamp. Failures as
 * pdf_look_make. */
SG_MUST_USE enum sg_status stamp_fit(struct segel_stamp *stamp,
                                     const Segel__V1__GetSignerResponse *signer,
                                     struct sg_error *why);
void stamp_fini(struct segel_stamp *stamp);

#endif
