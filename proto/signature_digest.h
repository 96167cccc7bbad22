#ifndef SEGEL_PROTO_SIGNATURE_DIGEST_H
#define SEGEL_PROTO_SIGNATURE_DIGEST_H

#include <openssl/x509.h>
#include <stdbool.h>

/* The digest by which a signature of this algorithm is made, as OpenSSL's NID: NID_undef
 * where it is a part of the algorithm (Ed25519, Ed448). false: the algorithm, or the
 * digest that its parameters name, is not known here. Any thread. */
bool signature_digest(const X509_ALGOR *algorithm, int *nid);

#endif
