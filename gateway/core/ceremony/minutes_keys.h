#ifndef SEGEL_GATEWAY_CORE_CEREMONY_MINUTES_KEYS_H
#define SEGEL_GATEWAY_CORE_CEREMONY_MINUTES_KEYS_H

#include "gateway/core/officers/requests.h"
#include "proto/quorum/minutes.h"

/* Of minutes order->id that all have signed: keys whose ceremony it was name them. Those
 * are the keys of the requests that the minutes name with just the approvals they had,
 * and that one of the participants asked for; a key whose request is told of by whole
 * minutes already, or by those of a later request, keeps them. Inside of a transaction.
 */
SG_MUST_USE enum sg_status minutes_tell_keys(struct core *core,
                                             struct request_order *order,
                                             const struct minutes *minutes);

#endif
