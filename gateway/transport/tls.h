#ifndef SEGEL_GATEWAY_TRANSPORT_TLS_H
#define SEGEL_GATEWAY_TRANSPORT_TLS_H

#include <openssl/ssl.h>

#include "gateway/transport/server.h"
#include "gateway/transport/validity.h"

/* TLS 1.3 with client certificates and ALPN "h2", and nothing else. */

/* Loads certificate, key and client issuers of the options. SG_NOT_FOUND: a file cannot
 * be read; SG_INVALID: it does not hold what it should, or the key is not that of the
 * certificate. The caller owns *out. */
SG_MUST_USE enum sg_status tls_context(const struct server_options *options,
                                       SSL_CTX **out, struct sg_error *why);

/* How long that is good for. Before other threads have the context. */
void tls_validity(SSL_CTX *tls, struct validity *out);

/* SG_INVALID: a file of that context, made by these options, is not good now; why names
 * it. */
SG_MUST_USE enum sg_status tls_check_dates(const struct server_options *options,
                                           SSL_CTX *tls, struct sg_error *why);

/* How a read, write or handshake step ended. */
enum tls_end { TLS_DONE, TLS_WANTS_READ, TLS_WANTS_WRITE, TLS_PEER_LEFT, TLS_BROKEN };

enum tls_end tls_handshake(SSL *ssl);
/* len: as many bytes as were read or written, on TLS_DONE only. */
enum tls_end tls_read(SSL *ssl, uint8_t *out, size_t cap, size_t *len);
enum tls_end tls_write(SSL *ssl, struct slice bytes, size_t *len);

/* After a handshake that did not end in TLS_DONE: one sentence saying why.
 * SG_DENIED: a TLS client that lacks something. SG_INVALID: bytes that are no TLS.
 * SG_IO: it left. SG_TIMEOUT. */
SG_MUST_USE enum sg_status tls_explain(SSL *ssl, enum tls_end end, struct sg_error *why);
/* After a handshake that did: whether HTTP/2 was agreed on. */
bool tls_speaks_h2(SSL *ssl);

#endif
