#ifndef SEGEL_CLIENT_SEGEL_SIGNER_H
#define SEGEL_CLIENT_SEGEL_SIGNER_H

#include "client/segel/error.h"
#include "segel/v1/signing.pb-c.h"

/* One user more: segel_signer_free takes it away. */
const struct segel_signer *signer_share(const struct segel_signer *signer);

/* Whether one of the words is this one. */
bool signer_offers(const char *const *words, size_t count, const char *word);

/* What the gateway said of it; the signer's. */
const Segel__V1__GetSignerResponse *signer_response(const struct segel_signer *signer);
/* When that was; monotonic. */
int64_t signer_told_us(const struct segel_signer *signer);

#endif
