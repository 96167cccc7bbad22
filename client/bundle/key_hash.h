#ifndef SEGEL_CLIENT_BUNDLE_KEY_HASH_H
#define SEGEL_CLIENT_BUNDLE_KEY_HASH_H

#include <openssl/types.h>

#include "proto/base.h"
#include "proto/tlog/merkle.h"

/* SHA-256 of a certificate's public key with its algorithm (SubjectPublicKeyInfo, RFC
 * 5280 section 4.1), as records name it: cert_spki. false: it has no such key. */
bool key_hash(const X509 *certificate, struct tlog_hash *out);

#endif
