#ifndef SEGEL_GATEWAY_STATUS_STATUS_H
#define SEGEL_GATEWAY_STATUS_STATUS_H

#include "gateway/cert/cert.h"
#include "gateway/config.h"
#include "gateway/status/cell.h"

/* Whether the signing certificates and their issuers are revoked or on hold: a thread of
 * its own fetches CRLs and OCSP answers, keeps them in status.dir, and publishes what
 * they prove in one cell a key. */
struct status;

struct status_key {
    const char *name; /* all borrowed for the life of the status */
    const struct cert *cert;
    struct status_cell *cell;
};

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
/* Ends a fetch that is under way; NULL is allowed. */
void status_free(struct status *status);

#endif
