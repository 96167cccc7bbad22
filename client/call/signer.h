#ifndef SEGEL_CLIENT_CALL_SIGNER_H
#define SEGEL_CLIENT_CALL_SIGNER_H

#include "client/channel/channel.h"
#include "segel/v1/signing.pb-c.h"

/* What the gateway says of a key. language: of the statement, "id" or "en". The caller
 * gives *out to signer_free. Failures as channel_unary. */
SG_MUST_USE enum sg_status signer_get(struct channel *channel, const char *key,
                                      const char *language,
                                      Segel__V1__GetSignerResponse **out,
                                      struct sg_error *why);
/* Without statement and logos, for what was signed. named: of the very key; otherwise of
 * the one that answers for the name, where another has followed it. */
SG_MUST_USE enum sg_status signer_get_signed(struct channel *channel, const char *key,
                                             bool named,
                                             Segel__V1__GetSignerResponse **out,
                                             struct sg_error *why);
void signer_free(Segel__V1__GetSignerResponse **signer);

#endif
