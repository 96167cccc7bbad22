#ifndef SEGEL_CLIENT_CALL_CHECKPOINT_AGE_H
#define SEGEL_CLIENT_CALL_CHECKPOINT_AGE_H

#include "proto/base.h"
#include "segel/v1/status.pb-c.h"

/* Whether records have waited for a checkpoint for too long: a quarter of an hour, or
 * three times what the gateway lets pass between two where that is more. Age: of the last
 * one, or since the gateway has started without any. */
bool checkpoint_is_late(const Segel__V1__GetStatusResponse *got, int64_t *age_us);

#endif
