#ifndef SEGEL_HSM_KEYS_REQUEST_H
#define SEGEL_HSM_KEYS_REQUEST_H

#include <openssl/x509.h>

#include "hsm/token/key.h"

/* Certificate requests (PKCS#10, RFC 2986) signed by keys of a token. */

/* Whether this is a subject: "/C=ID/O=Kota/CN=Segel", a backslash keeps the character
 * behind it. */
SG_MUST_USE enum sg_status request_subject(const char *subject, struct trouble *trouble);

struct request_wish {
    const char *subject;
    bool pss; /* RSA-PSS where the key may do both */
};
/* Signs with SHA-256, or SHA-384 with a curve above P-256. The signature was verified.
 * *out is owned by the caller. */
SG_MUST_USE enum sg_status request_make(struct reach reach, const struct key *key,
                                        const struct request_wish *wish, X509_REQ **out,
                                        struct trouble *trouble);

#endif
