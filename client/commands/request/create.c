#include "client/commands/request/create.h"
#include "client/call/approval_words.h"
#include "client/call/gateway_call.h"

#include <stdio.h>

#include "client/channel/unpack.h"

enum sg_status request_create(const struct home *home, const struct request_words *words,
                              Segel__V1__CreateRequestRequest *request,
                              struct sg_error *why)
{
    const struct gateway_ask ask = {"/segel.v1.ApprovalService/CreateRequest",
                                    &request->base,
                                    &segel__v1__create_request_response__descriptor};
    ProtobufCMessage *reply = NULL;
    char made[APPROVAL_ID_SIZE];
    bool indonesian = false;

    TRY(approval_language(words->lang, &indonesian, why));
    TRY(approval_make_id(made, why));
    request->reason = sg_unconst_text(words->reason);
    request->request_id =
        words->request_id == NULL ? made : sg_unconst_text(words->request_id);
    TRY(gateway_call(home, &ask, &reply, why));
    const Segel__V1__CreateRequestResponse *response =
        (const Segel__V1__CreateRequestResponse *)(const void *)reply;
    if (response->approval != NULL) {
        approval_print(response->approval, stdout, indonesian);
    }
    enum sg_status status = approval_stands(response->approval, indonesian, why);
    unpack_free(reply);
    return status;
}
