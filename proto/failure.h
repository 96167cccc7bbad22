#ifndef SEGEL_PROTO_FAILURE_H
#define SEGEL_PROTO_FAILURE_H

#include "proto/status.h"

/* What a failure of an HSM means, in the same words for the lane that met it and the
 * gateway that answers for it: class, what becomes of the lane, what the caller is told.
 * The rows stand in failure.def; which PKCS#11 code has which class in hsm/token/rv.def.
 */
enum failure {
#define FAILURE(name, lane, status, text) FAILURE_##name,
#include "proto/failure.def"
#undef FAILURE
    FAILURE_COUNT
};

enum failure_action { ACTION_KEEP, ACTION_RESPAWN, ACTION_LATCH };

/* Any value is safe to pass, as it may have come from another process: an unknown one
 * reads as DEVICE. */
const char *failure_name(enum failure failure); /* "DEVICE" */
const char *failure_text(enum failure failure);
enum failure_action failure_action(enum failure failure);
const char *failure_action_name(enum failure_action action); /* "respawn" */
enum sg_status failure_status(enum failure failure);

#endif
