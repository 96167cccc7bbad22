#ifndef SEGEL_GATEWAY_SERVICE_CONTROL_SOUND_H
#define SEGEL_GATEWAY_SERVICE_CONTROL_SOUND_H

#include <stdio.h>

#include "gateway/core/key/key.h"

/* What a reload asks first: all of sound_look but the quorum file and what clients are
 * let in by, which quorum_load and server_prepare read and check for whoever uses them at
 * once. ring: the keys' certificates as they were read; the caller owns it in any case
 * (keyring_fini). */
SG_MUST_USE enum sg_status sound_check(const struct config *config, struct keyring *ring,
                                       struct sg_error *why);
/* What --check-config asks beside sound_look: whether the files of TLS are good now. A
 * start goes on, and says so. */
SG_MUST_USE enum sg_status sound_check_dates(const struct config *config,
                                             struct sg_error *why);
/* What is no reason to refuse: a line to out for each key whose certificate leads to no
 * anchor, and for each caller that no listener is for; one for a disk that is too full.
 */
SG_MUST_USE enum sg_status sound_doubt(const struct config *config, FILE *out,
                                       struct sg_error *why);
/* Of keys, the same as lines of the log. The core's thread. */
void sound_tell_doubts(const struct keyring *ring);
/* All that can be said of a configuration without its token, ledger, ports and network,
 * and without changing anything: what --check-config tells, and what a start asks first.
 * So what passes it, only these four can still refuse. SG_…: why is one sentence. */
SG_MUST_USE enum sg_status sound_look(const struct config *config, struct sg_error *why);

#endif
