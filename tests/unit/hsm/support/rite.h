#ifndef SEGEL_TESTS_UNIT_HSM_SUPPORT_RITE_H
#define SEGEL_TESTS_UNIT_HSM_SUPPORT_RITE_H

#include <openssl/evp.h>

#include "tests/unit/hsm/support/peer.h"

/* The other end of a ceremony, as segeld is it. */

/* What became of one. */
struct rite {
    Segel__Lane__V1__FromLane *packet;   /* owned; NULL: it died without a word */
    Segel__Lane__V1__CeremonyDone *done; /* in packet */
    int code;                            /* exit code, or 128 + signal */
};

/* A token of SoftHSM, its directory and a lawful wish for it. rig_remove ends it. */
void rite_make(struct wish *wish);
/* From now on the token's module fails like this. */
void rite_faulty(struct wish *wish, const char *schedule);

/* Runs a ceremony in a child process. task: its field is set, open is not. */
struct rite rite_run(const struct wish *wish, const Segel__Lane__V1__Ceremony *task);
/* The same, and it must have gone well. */
struct rite rite_good(const struct wish *wish, const Segel__Lane__V1__Ceremony *task);
void rite_free(struct rite *rite);

/* What the token, with its real module again, holds under this id. */
void rite_holds(struct wish *wish, const char *id, unsigned private, unsigned public,
                unsigned certificates);
/* The ceremony fails for this reason, says this, and tells whether the token is as it
 * was. */
void rite_fails(const struct wish *wish, const Segel__Lane__V1__Ceremony *task,
                enum failure failure, const char *part, bool untouched);

/* Tasks; id in hexadecimal digits. Each lends its memory until the next call of the same.
 */
Segel__Lane__V1__Ceremony rite_generate(const char *id, const char *kind,
                                        Segel__Lane__V1__Mechanism allowed);
Segel__Lane__V1__Ceremony rite_csr(const char *id, const char *subject);
Segel__Lane__V1__Ceremony rite_import(const char *id, struct slice certificate);
Segel__Lane__V1__Ceremony rite_destroy(const char *id);
Segel__Lane__V1__Ceremony rite_find(const char *id);
Segel__Lane__V1__Ceremony rite_change_pin(void);
Segel__Lane__V1__Ceremony rite_settle_pin(void);

/* Has a P-256 key made, which must go well, and reads its public key from a request; the
 * caller owns that. */
EVP_PKEY *rite_key(const struct wish *wish, const char *id);
/* A certificate of this public key, in DER; signed by nobody that matters. Lent until the
 * next call. */
struct slice rite_certificate(EVP_PKEY *public);

#endif
