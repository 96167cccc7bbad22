#include "hsm/keys/request.h"

#include <openssl/err.h>
#include <string.h>

#include "hsm/token/sign.h"
#include "hsm/token/verifier.h"

/* The request is OpenSSL's, its signature comes from the token. */

static void free_made(X509_REQ **request)
{
    X509_REQ_free(*request);
}

static void free_pkey(EVP_PKEY **key)
{
    EVP_PKEY_free(*key);
}

static void free_algorithm(X509_ALGOR **algorithm)
{
    X509_ALGOR_free(*algorithm);
}

static enum sg_status openssl_failed(const char *what, struct trouble *trouble)
{
    char reason[160];
    ERR_error_string_n(ERR_peek_last_error(), reason, sizeof(reason));
    ERR_clear_error();
    return trouble_config(trouble, "%s (%s)", what, reason);
}

/* How requests are signed: AlgorithmIdentifier in DER. */
struct request_scheme {
    enum mechanism mechanism;
    enum sg_hash hash; /* NONE: the request itself is the message */
    const char *algorithm;
    size_t len;
};

static const char RSA_SHA256[] =
    "\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b\x05\x00";
static const char PSS_SHA256[] = "\x30\x41\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a"
                                 "\x30\x34\xa0\x0f\x30\x0d\x06\x09\x60"
                                 "\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\xa1\x1c\x30"
                                 "\x1a\x06\x09\x2a\x86\x48\x86\xf7\x0d"
                                 "\x01\x01\x08\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03"
                                 "\x04\x02\x01\x05\x00\xa2\x03\x02\x01"
                                 "\x20";
static const char ECDSA_SHA256[] = "\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02";
static const char ECDSA_SHA384[] = "\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x03";
static const char ED25519[] = "\x30\x05\x06\x03\x2b\x65\x70";

static struct request_scheme scheme_of(const struct key *key, bool pss)
{
    pss = pss || (key->allowed_count == 1 && key->allowed[0] == CKM_RSA_PKCS_PSS);
    if (key->type == KEY_ED25519) {
        return (struct request_scheme){MECHANISM_EDDSA, SG_HASH_NONE, ED25519,
                                       sizeof(ED25519) - 1};
    }
    if (key->type == KEY_EC && key->bits > 256) {
        return (struct request_scheme){MECHANISM_ECDSA, SG_HASH_SHA384, ECDSA_SHA384,
                                       sizeof(ECDSA_SHA384) - 1};
    }
    if (key->type == KEY_EC) {
        return (struct request_scheme){MECHANISM_ECDSA, SG_HASH_SHA256, ECDSA_SHA256,
                                       sizeof(ECDSA_SHA256) - 1};
    }
    if (pss) {
        return (struct request_scheme){MECHANISM_RSA_PSS, SG_HASH_SHA256, PSS_SHA256,
                                       sizeof(PSS_SHA256) - 1};
    }
    return (struct request_scheme){MECHANISM_RSA_PKCS1, SG_HASH_SHA256, RSA_SHA256,
                                   sizeof(RSA_SHA256) - 1};
}

/* Cuts the next "/NAME=value" off; a backslash keeps the character behind it. */
static bool next_part(const char **rest, char *part, size_t cap)
{
    size_t len = 0;
    const char *at = *rest + 1;
    while (*at != '\0' && *at != '/') {
        if (*at == '\\' && at[1] != '\0') {
            at++;
        }
        if (len + 1 >= cap) {
            return false;
        }
        part[len++] = *at++;
    }
    part[len] = '\0';
    *rest = at;
    return true;
}

static enum sg_status set_subject(X509_REQ *request, const char *subject,
                                  struct trouble *trouble)
{
    X509_NAME *name = X509_REQ_get_subject_name(request);
    const char *rest = subject;
    if (*rest != '/') {
        return trouble_config(trouble,
                              "a subject begins with '/', as in /C=ID/O=Kota/CN=x");
    }
    while (*rest == '/') {
        char part[512];
        char *value = NULL;
        if (!next_part(&rest, part, sizeof(part)) ||
            (value = strchr(part, '=')) == NULL || value[1] == '\0') {
            return trouble_config(
                trouble, "the subject '%s' has a part that is not NAME=value", subject);
        }
        *value++ = '\0';
        if (X509_NAME_add_entry_by_txt(name, part, MBSTRING_UTF8, (const uint8_t *)value,
                                       -1, -1, 0) != 1) {
            ERR_clear_error();
            return trouble_config(trouble,
                                  "'%s' with this value cannot stand in a subject", part);
        }
    }
    return SG_OK;
}

/* Signs in the token and verifies before the signature is used. */
static enum sg_status sign_wanted(struct reach reach, const struct key *key,
                                  const struct wanted *wanted, struct signature *out,
                                  struct trouble *trouble)
{
    struct signature raw;
    if (!sign_fits(key, wanted)) {
        return trouble_config(trouble, "the key cannot sign a request in this way");
    }
    CK_RV rv = sign_raw(reach, key->handle, wanted, &raw);
    if (rv != CKR_OK) {
        return trouble_rv(trouble, rv, "the request was not signed");
    }
    AUTO(verifier_fini) struct verifier verifier = {0};
    if (verifier_init(&verifier, slice_of(key->spki, key->spki_len)) != SG_OK ||
        !sign_encode(key, &raw, out) || !verifier_check(&verifier, wanted, out)) {
        return trouble_config(trouble,
                              "the token's signature is wrong; do not use this token");
    }
    return SG_OK;
}

static enum sg_status attach(X509_REQ *request, struct request_scheme scheme,
                             struct signature *signature, struct trouble *trouble)
{
    const uint8_t *der = (const uint8_t *)scheme.algorithm;
    AUTO(free_algorithm)
    X509_ALGOR *algorithm = d2i_X509_ALGOR(NULL, &der, (long)scheme.len);
    ASN1_BIT_STRING *bits = ASN1_BIT_STRING_new();
    if (algorithm == NULL || bits == NULL ||
        ASN1_BIT_STRING_set(bits, signature->data, (int)signature->len) != 1 ||
        X509_REQ_set1_signature_algo(request, algorithm) != 1) {
        ASN1_BIT_STRING_free(bits);
        return openssl_failed("the signature cannot be put into the request", trouble);
    }
    bits->flags &= ~0x07; /* all bits of the last byte count */
    bits->flags |= ASN1_STRING_FLAG_BITS_LEFT;
    X509_REQ_set0_signature(request, bits);
    return SG_OK;
}

static void free_bytes(uint8_t **bytes)
{
    OPENSSL_free(*bytes);
}

static enum sg_status sign_request(struct reach reach, const struct key *key, bool pss,
                                   X509_REQ *request, struct trouble *trouble)
{
    AUTO(free_bytes) uint8_t *tbs = NULL;
    uint8_t digest[SG_HASH_MAX];
    unsigned digest_len = 0;
    struct signature signature = {0};
    struct request_scheme scheme = scheme_of(key, pss);
    int len = i2d_re_X509_REQ_tbs(request, &tbs);
    if (len <= 0) {
        return openssl_failed("the request cannot be encoded", trouble);
    }
    struct wanted wanted = {scheme.mechanism, scheme.hash, slice_of(tbs, (size_t)len)};
    if (scheme.hash != SG_HASH_NONE) {
        if (EVP_Digest(tbs, (size_t)len, digest, &digest_len, sign_md(scheme.hash),
                       NULL) != 1) {
            return openssl_failed("the request cannot be hashed", trouble);
        }
        wanted.input = slice_of(digest, digest_len);
    }
    TRY(sign_wanted(reach, key, &wanted, &signature, trouble));
    return attach(request, scheme, &signature, trouble);
}

static enum sg_status fill(X509_REQ *request, EVP_PKEY *public, const char *subject,
                           struct trouble *trouble)
{
    TRY(set_subject(request, subject, trouble));
    if (X509_REQ_set_version(request, 0) != 1 ||
        X509_REQ_set_pubkey(request, public) != 1) {
        return openssl_failed("the public key cannot be put into the request", trouble);
    }
    return SG_OK;
}

enum sg_status request_subject(const char *subject, struct trouble *trouble)
{
    AUTO(free_made) X509_REQ *request = X509_REQ_new();
    return request == NULL ? openssl_failed("there is no memory for a request", trouble)
                           : set_subject(request, subject, trouble);
}

enum sg_status request_make(struct reach reach, const struct key *key,
                            const struct request_wish *wish, X509_REQ **out,
                            struct trouble *trouble)
{
    const uint8_t *der = key->spki;
    AUTO(free_made) X509_REQ *request = X509_REQ_new();
    AUTO(free_pkey) EVP_PKEY *public = d2i_PUBKEY(NULL, &der, (long)key->spki_len);
    if (request == NULL || public == NULL) {
        return openssl_failed("there is no memory for the request", trouble);
    }
    TRY(fill(request, public, wish->subject, trouble));
    TRY(sign_request(reach, key, wish->pss, request, trouble));
    if (X509_REQ_verify(request, public) != 1) {
        return openssl_failed("the finished request does not verify", trouble);
    }
    *out = request;
    request = NULL;
    return SG_OK;
}
