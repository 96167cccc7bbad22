#include "client/bundle/key_hash.h"

#include <openssl/x509.h>

bool key_hash(const X509 *certificate, struct tlog_hash *out)
{
    uint8_t *spki = NULL;
    int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &spki);

    if (len <= 0) {
        return false;
    }
    *out = tlog_sha256(slice_of(spki, (size_t)len));
    OPENSSL_free(spki);
    return true;
}
