#ifndef SEGEL_GATEWAY_STATUS_KEEP_H
#define SEGEL_GATEWAY_STATUS_KEEP_H

#include "proto/base.h"
#include "proto/slice.h"

/* Statements kept as they were received: DIR/SHA256-OF-THE-CERTIFICATE.crl or .ocsp. A
 * file is whole or not there; whether it is true is judged again when it is read. */
SG_MUST_USE enum sg_status keep_write(const char *dir, const char *name, struct slice der,
                                      struct sg_error *why);
struct kept {
    size_t max;    /* a longer file is refused */
    uint8_t *data; /* owned: kept_fini */
    size_t len;
};
/* SG_NOT_FOUND: none was kept. */
SG_MUST_USE enum sg_status keep_read(const char *dir, const char *name, struct kept *out,
                                     struct sg_error *why);
void kept_fini(struct kept *kept);
/* The directory is there or made, for its owner only. */
SG_MUST_USE enum sg_status keep_open(const char *dir, struct sg_error *why);

#endif
