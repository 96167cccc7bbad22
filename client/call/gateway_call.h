#ifndef SEGEL_CLIENT_CALL_GATEWAY_CALL_H
#define SEGEL_CLIENT_CALL_GATEWAY_CALL_H

#include "client/console/home.h"
#include "segel/v1/keys.pb-c.h"

/* One unary call on a connection of its own, as channel_unary. The caller gives *reply to
 * unpack_free. */
struct gateway_ask {
    const char *path; /* "/segel.v1.KeyService/GetKey" */
    const ProtobufCMessage *request;
    const ProtobufCMessageDescriptor *reply_type;
};
SG_MUST_USE enum sg_status gateway_call(const struct home *home,
                                        const struct gateway_ask *ask,
                                        ProtobufCMessage **reply, struct sg_error *why);
/* The same for what waits until a ceremony on a token is over. */
SG_MUST_USE enum sg_status gateway_call_long(const struct home *home,
                                             const struct gateway_ask *ask,
                                             ProtobufCMessage **reply,
                                             struct sg_error *why);
SG_MUST_USE enum sg_status gateway_tokens(const struct home *home,
                                          ProtobufCMessage **reply, struct sg_error *why);
SG_MUST_USE enum sg_status gateway_key(const struct home *home, const char *key,
                                       ProtobufCMessage **reply, struct sg_error *why);

#endif
