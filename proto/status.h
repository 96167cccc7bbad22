#ifndef SEGEL_PROTO_STATUS_H
#define SEGEL_PROTO_STATUS_H

/* One list of outcomes for gateway, lane and client; the rows stand in status.def. */

#define SG_MUST_USE __attribute__((warn_unused_result))

enum sg_status {
#define SG_STATUS(name, grpc_code, text) SG_##name,
#include "proto/status.def"
#undef SG_STATUS
    SG_STATUS_COUNT
};

/* The name without prefix ("TOO_LARGE"), the general sentence, and the gRPC status code.
 * Any value is safe to pass; an unknown one reads as INTERNAL. */
const char *sg_status_name(enum sg_status status);
const char *sg_status_text(enum sg_status status);
int sg_status_grpc(enum sg_status status);

/* Why something failed, as one sentence for the person who has to mend it: what was
 * found, what is wanted, what to do. Never holds a secret. The zero state is "no reason
 * given". */
struct sg_error {
    char text[512];
};

/* Writes the sentence and returns the status, so that a failure is one line:
 *     return sg_fail(why, SG_NOT_FOUND, "token '%s' is not ...", label);
 * why may be NULL. A sentence too long for the buffer is cut. */
SG_MUST_USE enum sg_status sg_fail(struct sg_error *why, enum sg_status status,
                                   const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
