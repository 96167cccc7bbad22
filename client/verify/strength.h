#ifndef SEGEL_CLIENT_VERIFY_STRENGTH_H
#define SEGEL_CLIENT_VERIFY_STRENGTH_H

#include <openssl/x509.h>
#include <stdbool.h>

/* Whether a signature of this algorithm by this key is as strong as is asked for of the
 * certificates of a chain: 112 bits, so no SHA-1, and RSA from 2048 bits. Says nothing of
 * whether it is true. */
bool strength_is_enough(const X509_ALGOR *algorithm, const EVP_PKEY *key);

#endif
