#ifndef SEGEL_PROTO_QUORUM_MANDATE_H
#define SEGEL_PROTO_QUORUM_MANDATE_H

#include "proto/mandate.h"
#include "proto/slice.h"

/* What officers ask for when they ask for a mandate. */
struct mandate_asked {
    struct mandate_terms terms;
    uint8_t *digests; /* owned: one behind the other, in the order of asking */
};

/* message: bytes of an OpenMandateRequest. SG_INVALID: a field breaks its limit, or two
 * documents are the same. SG_NO_MEMORY. */
SG_MUST_USE enum sg_status
mandate_asked_read(struct slice message, struct mandate_asked *out, struct sg_error *why);
void mandate_asked_fini(struct mandate_asked *asked);
/* Of the document at this place. */
struct slice mandate_asked_digest(const struct mandate_asked *asked, size_t at);

#endif
