#include "client/call/approval_call.h"
#include "client/call/gateway_call.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#include "proto/text.h"

enum sg_status approval_get(const struct home *home, const char *id,
                            ProtobufCMessage **reply, struct sg_error *why)
{
    Segel__V1__GetRequestRequest request;

    segel__v1__get_request_request__init(&request);
    request.id = sg_unconst_text(id);
    const struct gateway_ask ask = {"/segel.v1.ApprovalService/GetRequest", &request.base,
                                    &segel__v1__get_request_response__descriptor};
    return gateway_call(home, &ask, reply, why);
}

enum sg_status approval_roster(const struct home *home, ProtobufCMessage **reply,
                               struct sg_error *why)
{
    Segel__V1__GetRosterRequest request;

    segel__v1__get_roster_request__init(&request);
    const struct gateway_ask ask = {"/segel.v1.ApprovalService/GetRoster", &request.base,
                                    &segel__v1__get_roster_response__descriptor};
    return gateway_call(home, &ask, reply, why);
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
