#ifndef SEGEL_CLIENT_CALL_LOG_STREAM_H
#define SEGEL_CLIENT_CALL_LOG_STREAM_H

#include "client/channel/channel.h"
#include "proto/slice.h"
#include "segel/v1/log.pb-c.h"

/* Calls visit for each record in the order of arrival; false ends the stream early, which
 * is no failure. Failures as channel_unary; SG_INTERNAL: not of the kind asked for. */
struct log_visitor {
    bool (*visit)(void *context, uint64_t index, struct slice json);
    void *context;
};
SG_MUST_USE enum sg_status log_stream(struct channel *channel,
                                      const Segel__V1__ListRecordsRequest *request,
                                      const struct log_visitor *visitor,
                                      struct sg_error *why);

#endif
