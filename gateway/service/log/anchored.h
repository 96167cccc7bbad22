#ifndef SEGEL_GATEWAY_SERVICE_LOG_ANCHORED_H
#define SEGEL_GATEWAY_SERVICE_LOG_ANCHORED_H

#include "gateway/config/config.h"
#include "proto/slice.h"

/* Whether the checkpoint of a receipt (C2SP tlog-proof) carries the lines of as many
 * configured witnesses as anchoring.quorum asks for. They were verified when they came,
 * and are not again: whoever gets the receipt does that. Pure. */
bool receipt_anchored(const struct config *config, struct slice proof);

#endif
