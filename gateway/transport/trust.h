#ifndef SEGEL_GATEWAY_TRANSPORT_TRUST_H
#define SEGEL_GATEWAY_TRANSPORT_TRUST_H

#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>

#include "gateway/transport/validity.h"

/* By what handshakes are judged: own certificate, issuers of clients, revocation lists.
 * It may be renewed while connections are open; each of them is then judged anew by it.
 * Any thread. The lock is a leaf, and is taken for handshakes only. */
struct trust {
    pthread_mutex_t lock;
    SSL_CTX *tls; /* owned; NULL: nothing is spoken but plain HTTP/2 */
    struct validity validity;
    atomic_uint generation; /* grows with each renewal */
};

void trust_init(struct trust *trust);
void trust_fini(struct trust *trust);

/* Takes the context over; NULL: no TLS is spoken, but callers may be others now. */
void trust_renew(struct trust *trust, SSL_CTX *tls);
/* Asked on the way of each request. */
static inline unsigned trust_generation(const struct trust *trust)
{
    return atomic_load_explicit(&trust->generation, memory_order_acquire);
}
/* How long what is there now is good for. */
void trust_validity(struct trust *trust, struct validity *out);
/* A new connection, and the generation that will judge it. NULL: no memory. The caller
 * owns it. */
SSL *trust_connection(struct trust *trust, unsigned *generation);
/* By which trust a client was judged, and the first end in the chain that was found: it
 * is to be judged anew then. */
struct trust_word {
    unsigned generation;
    int64_t until_us; /* wall clock; INT64_MAX: no certificate was asked for */
};
/* Judges the client's certificate of an open connection once more: dates, issuers, and
 * revocation as in a handshake (RFC 5280 section 6). SG_UNAUTHENTICATED: why is for the
 * client. */
SG_MUST_USE enum sg_status trust_judge(struct trust *trust, SSL *ssl,
                                       struct trust_word *out, struct sg_error *why);

#endif
