#ifndef SEGEL_GATEWAY_STATUS_STATUS_H
#define SEGEL_GATEWAY_STATUS_STATUS_H

#include "gateway/cert/cert.h"
#include "gateway/config/config.h"
#include "gateway/status/cell.h"

/* Whether the signing certificates and their issuers are revoked or on hold: a thread of
 * its own fetches CRLs and OCSP answers, keeps them in status.dir, and publishes what
 * they prove in one cell a key. */
struct status;

struct status_key {
    const char *name; /* all borrowed for the life of the status */
    const struct cert *cert;
    struct status_cell *cell;
    bool stamps; /* of a time stamp authority: its anchors are those of tsa.anchors */
};

/* What can be said of the settings without asking anybody. SG_INVALID. */
SG_MUST_USE enum sg_status status_check(const struct config *config,
                                        struct sg_error *why);
/* Reads and judges what was kept, and publishes it: before the first job is judged.
 * Copies keys. SG_…: why names the setting. config->status_dir must not be empty. */
SG_MUST_USE enum sg_status status_new(const struct config *config,
                                      const struct status_key *keys, size_t count,
                                      struct status **out, struct sg_error *why);
SG_MUST_USE enum sg_status status_start(struct status *status, struct sg_error *why);
/* Any thread but its own: one more key, whose certificate came while the gateway runs.
 * SG_BUSY: the last one is not taken yet, ask again. */
SG_MUST_USE enum sg_status status_add(struct status *status,
                                      const struct status_key *key);

/* Statements that prove the certificates of a key, in DER as they were received, and the
 * certificates that they are about, for whoever keeps a signature for long. */
enum { STATUS_PROOFS_MAX = 2 * CERT_CHAIN_MAX };
struct status_blob; /* shared, never changed */
struct status_proofs {
    size_t count;
    struct {
        enum status_source kind;
        struct status_blob *blob; /* owned share */
        bool spare; /* a CRL, and an OCSP answer says the same of the certificate */
    } items[STATUS_PROOFS_MAX];
    size_t cert_count;
    X509 *certs[CERT_CHAIN_MAX + 1]; /* owned; the signer's first, the anchor last */
    int64_t fetched_us;              /* of the oldest statement; 0: there is none */
    bool whole;        /* there is one for every certificate but the anchor */
    bool over;         /* and for some certificate none that is before its nextUpdate */
    const char *never; /* static: why of one, `silent`, there can be none; NULL: it may */
    X509 *silent;      /* owned */
};
/* Any thread. Of several of this name, the one that came last. SG_NOT_FOUND. */
SG_MUST_USE enum sg_status status_prove(struct status *status, const char *name,
                                        struct status_proofs *out);
struct slice status_bytes(const struct status_blob *blob);
void status_proofs_fini(struct status_proofs *proofs);

/* Ends a fetch that is under way; NULL is allowed. */
void status_free(struct status *status);

#endif
