#include "hsm/token/verifier.h"

#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

enum sg_status verifier_init(struct verifier *verifier, struct slice spki)
{
    const uint8_t *der = spki.data;
    *verifier = (struct verifier){0};
    verifier->key = d2i_PUBKEY(NULL, &der, (long)spki.len);
    verifier->message = EVP_MD_CTX_new();
    if (verifier->key == NULL || verifier->message == NULL) {
        ERR_clear_error();
        verifier_fini(verifier);
        return SG_INVALID;
    }
    return SG_OK;
}

void verifier_fini(struct verifier *verifier)
{
    EVP_PKEY_CTX_free(verifier->ctx);
    EVP_MD_CTX_free(verifier->message);
    EVP_PKEY_free(verifier->key);
    *verifier = (struct verifier){0};
}

static bool set_padding(EVP_PKEY_CTX *ctx, const struct wanted *wanted)
{
    switch (wanted->mechanism) {
    case MECHANISM_RSA_PKCS1:
        return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1;
    case MECHANISM_RSA_PSS:
        return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
               EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, sign_md(wanted->hash)) == 1 &&
               EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1;
    case MECHANISM_ECDSA:
        return true;
    case MECHANISM_NONE:
    case MECHANISM_EDDSA:
    case MECHANISM_COUNT:
    default:
        return false;
    }
}

static bool prepare(struct verifier *verifier, const struct wanted *wanted)
{
    if (verifier->ctx != NULL && verifier->mechanism == wanted->mechanism &&
        verifier->hash == wanted->hash) {
        return true;
    }
    EVP_PKEY_CTX_free(verifier->ctx);
    verifier->ctx = NULL;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(verifier->key, NULL);
    bool good = ctx != NULL && EVP_PKEY_verify_init(ctx) == 1 &&
                EVP_PKEY_CTX_set_signature_md(ctx, sign_md(wanted->hash)) == 1 &&
                set_padding(ctx, wanted);
    if (!good) {
        EVP_PKEY_CTX_free(ctx);
        return false;
    }
    verifier->ctx = ctx;
    verifier->mechanism = wanted->mechanism;
    verifier->hash = wanted->hash;
    return true;
}

static bool check_message(struct verifier *verifier, const struct wanted *wanted,
                          const struct signature *signature)
{
    return EVP_MD_CTX_reset(verifier->message) == 1 &&
           EVP_DigestVerifyInit(verifier->message, NULL, NULL, NULL, verifier->key) ==
               1 &&
           EVP_DigestVerify(verifier->message, signature->data, signature->len,
                            wanted->input.data, wanted->input.len) == 1;
}

bool verifier_check(struct verifier *verifier, const struct wanted *wanted,
                    const struct signature *signature)
{
    bool good = false;
    if (wanted->mechanism == MECHANISM_EDDSA) {
        good = check_message(verifier, wanted, signature);
    } else if (prepare(verifier, wanted)) {
        good = EVP_PKEY_verify(verifier->ctx, signature->data, signature->len,
                               wanted->input.data, wanted->input.len) == 1;
    }
    if (!good) {
        ERR_clear_error();
    }
    return good;
}
