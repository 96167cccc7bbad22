#include "client/call/gateway_call.h"

enum { PATIENCE_MS = 30000, CEREMONY_MS = 180000 };

static enum sg_status call(const struct home *home, const struct gateway_ask *ask,
                           unsigned patience_ms, ProtobufCMessage **reply,
                           struct sg_error *why)
{
    AUTO(channel_end) struct channel *channel = NULL;
    const struct unary unary = {.path = ask->path,
                                .timeout_ms = patience_ms,
                                .request = ask->request,
                                .reply_type = ask->reply_type};

    TRY(home_connect(home, &channel, why));
    return channel_unary(channel, &unary, reply, NULL, why);
}

enum sg_status gateway_call(const struct home *home, const struct gateway_ask *ask,
                            ProtobufCMessage **reply, struct sg_error *why)
{
    return call(home, ask, PATIENCE_MS, reply, why);
}

enum sg_status gateway_call_long(const struct home *home, const struct gateway_ask *ask,
                                 ProtobufCMessage **reply, struct sg_error *why)
{
    return call(home, ask, CEREMONY_MS, reply, why);
}

enum sg_status gateway_tokens(const struct home *home, ProtobufCMessage **reply,
                              struct sg_error *why)
{
    Segel__V1__ListTokensRequest request;

    segel__v1__list_tokens_request__init(&request);
    const struct gateway_ask ask = {"/segel.v1.KeyService/ListTokens", &request.base,
                                    &segel__v1__list_tokens_response__descriptor};
    return gateway_call(home, &ask, reply, why);
}

enum sg_status gateway_key(const struct home *home, const char *key,
                           ProtobufCMessage **reply, struct sg_error *why)
{
    Segel__V1__GetKeyRequest request;

    segel__v1__get_key_request__init(&request);
    request.key = sg_unconst_text(key);
    const struct gateway_ask ask = {"/segel.v1.KeyService/GetKey", &request.base,
                                    &segel__v1__get_key_response__descriptor};
    return gateway_call(home, &ask, reply, why);
}
