#include "client/call/signer.h"

#include "client/channel/unpack.h"

enum { PATIENCE_MS = 10000 };

static SG_MUST_USE enum sg_status ask(struct channel *channel,
                                      const Segel__V1__GetSignerRequest *request,
                                      Segel__V1__GetSignerResponse **out,
                                      struct sg_error *why)
{
    ProtobufCMessage *reply = NULL;
    struct unary unary = {.path = "/segel.v1.SigningService/GetSigner",
                          .timeout_ms = PATIENCE_MS,
                          .request = &request->base,
                          .reply_type = &segel__v1__get_signer_response__descriptor};

    TRY(channel_unary(channel, &unary, &reply, NULL, why));
    *out = (Segel__V1__GetSignerResponse *)(void *)reply;
    return SG_OK;
}

enum sg_status signer_get(struct channel *channel, const char *key, const char *language,
                          Segel__V1__GetSignerResponse **out, struct sg_error *why)
{
    Segel__V1__GetSignerRequest request;

    segel__v1__get_signer_request__init(&request);
    request.key = sg_unconst_text(key);
    request.language = sg_unconst_text(language);
    request.logos = 1;
    return ask(channel, &request, out, why);
}

enum sg_status signer_get_signed(struct channel *channel, const char *key, bool named,
                                 Segel__V1__GetSignerResponse **out, struct sg_error *why)
{
    Segel__V1__GetSignerRequest request;

    segel__v1__get_signer_request__init(&request);
    request.key = sg_unconst_text(key);
    request.as_named = named ? 1 : 0;
    return ask(channel, &request, out, why);
}

void signer_free(Segel__V1__GetSignerResponse **signer)
{
    if (*signer != NULL) {
        unpack_free(&(*signer)->base);
    }
}
