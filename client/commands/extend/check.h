#ifndef SEGEL_CLIENT_COMMANDS_EXTEND_CHECK_H
#define SEGEL_CLIENT_COMMANDS_EXTEND_CHECK_H

#include "client/pdf/pdf.h"
#include "proto/base.h"
#include "proto/slice.h"

/* Whether a letter is fit for a higher level: nothing is added to what is not signed, or
 * was changed since. No network; nobody's certificate is judged. */
struct extend_facts {
    bool by_key; /* a signature is by the certificate that was given */
    bool
        stamped; /* each such signature, or the whole letter after it, has a time stamp */
    bool stamp_known; /* each, or the last over the whole letter, by an authority whose
                       * certificate was given, or that the letter's store proves */
    bool doubted;     /* what is added may revoke an authority that stamped it */
    size_t signatures;
};

/* added: of the key and of the authorities, the key's own certificate first; the
 * statements only where they are added to the letter. SG_INVALID: why says what is wrong
 * with the letter: no PDF, no signature, one that is not of these bytes, or bytes behind
 * the last.
 */
SG_MUST_USE enum sg_status extend_check(struct slice pdf, const struct pdf_dss *added,
                                        struct extend_facts *out, struct sg_error *why);

/* Whether a token is over this SHA-256. SG_CORRUPT. */
SG_MUST_USE enum sg_status extend_token_fits(struct slice token, struct slice digest,
                                             struct sg_error *why);

#endif
