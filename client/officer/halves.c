#include "client/officer/halves.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <string.h>

enum { RAW = HALVES_PIN_LEN * 5 / 8, LENGTH_BYTES = 2 };

static const char salt[] = "segel-pin/v1";

/* The first one's length stands before them, so that "ab"+"c" is not "a"+"bc". */
struct material {
    uint8_t bytes[LENGTH_BYTES + 2 * PASSPHRASE_MAX];
    size_t len;
};

static void wipe_material(struct material *material)
{
    OPENSSL_cleanse(material, sizeof(*material));
}

static void put(struct material *material, const void *bytes, size_t len)
{
    memcpy(material->bytes + material->len, bytes, len);
    material->len += len;
}

static void free_kdf(EVP_KDF **kdf)
{
    EVP_KDF_free(*kdf);
}

static void free_context(EVP_KDF_CTX **context)
{
    EVP_KDF_CTX_free(*context);
}

static OSSL_PARAM octets(const char *name, const void *bytes, size_t len)
{
    return OSSL_PARAM_construct_octet_string(name, sg_unconst(bytes), len);
}

static bool derive(const struct material *material, const char *token, uint8_t raw[RAW])
{
    AUTO(free_kdf) EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    AUTO(free_context) EVP_KDF_CTX *context = kdf == NULL ? NULL : EVP_KDF_CTX_new(kdf);
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, sg_unconst("SHA256"), 0),
        octets(OSSL_KDF_PARAM_KEY, material->bytes, material->len),
        octets(OSSL_KDF_PARAM_SALT, salt, strlen(salt)),
        octets(OSSL_KDF_PARAM_INFO, token, strlen(token)),
        OSSL_PARAM_construct_end(),
    };

    return context != NULL && EVP_KDF_derive(context, raw, RAW, params) == 1;
}

static void write_base32(const uint8_t raw[RAW], struct passphrase *pin)
{
    static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    unsigned bits = 0;
    unsigned held = 0;

    pin->len = 0;
    for (size_t i = 0; i < RAW; i++) {
        bits = bits << 8 | raw[i];
        for (held += 8; held >= 5; held -= 5) {
            pin->text[pin->len++] = alphabet[bits >> (held - 5) & 31];
        }
    }
    pin->text[pin->len] = '\0';
}

enum sg_status halves_join(const struct passphrase *first,
                           const struct passphrase *second, const char *token,
                           struct passphrase *pin)
{
    AUTO(wipe_material) struct material material = {.len = 0};
    const uint8_t length[LENGTH_BYTES] = {(uint8_t)(first->len >> 8),
                                          (uint8_t)first->len};
    uint8_t raw[RAW];

    put(&material, length, sizeof(length));
    put(&material, first->text, first->len);
    put(&material, second->text, second->len);
    if (!derive(&material, token, raw)) {
        return SG_INTERNAL;
    }
    write_base32(raw, pin);
    OPENSSL_cleanse(raw, sizeof(raw));
    return SG_OK;
}
