#include "client/approval_call.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#include "client/words.h"
#include "proto/text.h"

enum { PATIENCE_MS = 30000, PATH_SIZE = 64 };

enum sg_status service_call(const struct home *home, const char *service,
                            const struct approval_ask *ask, ProtobufCMessage **reply,
                            struct sg_error *why)
{
    AUTO(channel_end) struct channel *channel = NULL;
    char path[PATH_SIZE];

    (void)snprintf(path, sizeof(path), "/segel.v1.%s/%s", service, ask->method);
    const struct unary unary = {.path = path,
                                .timeout_ms = PATIENCE_MS,
                                .request = ask->request,
                                .reply_type = ask->reply_type};
    TRY(home_connect(home, &channel, why));
    return channel_unary(channel, &unary, reply, NULL, why);
}

enum sg_status approval_call(const struct home *home, const struct approval_ask *ask,
                             ProtobufCMessage **reply, struct sg_error *why)
{
    return service_call(home, "ApprovalService", ask, reply, why);
}

enum sg_status approval_get(const struct home *home, const char *id,
                            ProtobufCMessage **reply, struct sg_error *why)
{
    Segel__V1__GetRequestRequest request;

    segel__v1__get_request_request__init(&request);
    request.id = words_mutable(id);
    const struct approval_ask ask = {"GetRequest", &request.base,
                                     &segel__v1__get_request_response__descriptor};
    return approval_call(home, &ask, reply, why);
}

enum sg_status approval_roster(const struct home *home, ProtobufCMessage **reply,
                               struct sg_error *why)
{
    Segel__V1__GetRosterRequest request;

    segel__v1__get_roster_request__init(&request);
    const struct approval_ask ask = {"GetRoster", &request.base,
                                     &segel__v1__get_roster_response__descriptor};
    return approval_call(home, &ask, reply, why);
}

enum sg_status approval_language(const char *lang, bool *indonesian, struct sg_error *why)
{
    *indonesian = strcmp(lang, "id") == 0;
    return *indonesian || strcmp(lang, "en") == 0
               ? SG_OK
               : sg_fail(why, SG_INVALID, "--lang is id or en");
}

enum sg_status approval_make_id(char out[APPROVAL_ID_SIZE], struct sg_error *why)
{
    uint8_t bytes[(APPROVAL_ID_SIZE - 1) / 2];

    if (RAND_bytes(bytes, sizeof(bytes)) != 1) {
        return sg_fail(why, SG_INTERNAL, "this machine gives no random numbers");
    }
    text_hex(slice_of(bytes, sizeof(bytes)), out);
    return SG_OK;
}
