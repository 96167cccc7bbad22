#ifndef SEGEL_GATEWAY_TRANSPORT_ISSUERS_H
#define SEGEL_GATEWAY_TRANSPORT_ISSUERS_H

#include <openssl/x509_vfy.h>

#include "gateway/transport/validity.h"

/* When the issuers of clients (tls.client_ca) end, or others: OpenSSL holds a trust
 * anchor to its dates as any other certificate of a chain. Sets VALIDITY_ISSUERS, from
 * the first anchor that begins to the last that ends, and the end of each issuer by its
 * name. Nothing is written where the store holds none. */
void issuers_validity(X509_STORE *store, struct validity *out);
/* Whether one of them is a trust anchor: without, no chain of a client ends well. */
bool issuers_anchored(X509_STORE *store);

#endif
