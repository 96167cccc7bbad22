#include "gateway/cms/template.h"

#include <stdlib.h>

#include <openssl/err.h>

#include "gateway/cms/der.h"

static void free_der(uint8_t **der)
{
    OPENSSL_free(*der);
}

const char *cms_hash_openssl_name(enum sg_hash hash)
{
    static const char *const names[SG_HASH_COUNT] = {
        [SG_HASH_SHA256] = "SHA256",
        [SG_HASH_SHA384] = "SHA384",
        [SG_HASH_SHA512] = "SHA512",
    };

    return names[hash];
}

static bool scheme_fits(EVP_PKEY *key, enum sg_scheme scheme)
{
    int type = EVP_PKEY_get_base_id(key);

    if (scheme == SG_SCHEME_ECDSA) {
        return type == EVP_PKEY_EC;
    }
    return type == EVP_PKEY_RSA ||
           (type == EVP_PKEY_RSA_PSS && scheme == SG_SCHEME_RSA_PSS);
}

static enum sg_status check_shape(struct cms_shape shape, struct sg_error *why)
{
    if (!sg_scheme_valid((int)shape.scheme) || !sg_hash_valid((int)shape.hash)) {
        return sg_fail(why, SG_INVALID,
                       "scheme or hash of the key is not set; name both in its entry");
    }
    if (shape.profile != SG_PROFILE_PADES_B_B && shape.profile != SG_PROFILE_CADES_B_B &&
        shape.profile != SG_PROFILE_RAW) {
        return sg_fail(why, SG_UNSUPPORTED,
                       "there is no signature template for this profile; use pades_b_b, "
                       "cades_b_b or raw");
    }
    return SG_OK;
}

static enum sg_status check_key(EVP_PKEY *key, struct cms_shape shape,
                                struct sg_error *why)
{
    if (key == NULL) {
        return sg_fail(
            why, SG_INVALID,
            "the public key of the certificate cannot be read; RSA and EC keys "
            "are supported");
    }
    if (!scheme_fits(key, shape.scheme)) {
        return sg_fail(
            why, SG_INVALID,
            "scheme %s does not fit the certificate's key, which is %s; change "
            "the scheme of the key",
            sg_scheme_name(shape.scheme), EVP_PKEY_get0_type_name(key));
    }
    int size = EVP_PKEY_get_size(key);
    if (size <= 0 || size > SG_SIGNATURE_MAX) {
        return sg_fail(why, SG_INVALID,
                       "signatures of this key would have %d bytes; at most %d are "
                       "supported",
                       size, (int)SG_SIGNATURE_MAX);
    }
    return SG_OK;
}

static enum sg_status cut(X509 *const *certificates, size_t count,
                          struct cms_template *out, struct sg_error *why)
{
    AUTO(free_der) uint8_t *der = NULL;
    size_t len = 0;

    enum sg_status status = cms_sample(certificates, count, out->shape, &der, &len);
    if (status == SG_OK) {
        status = cms_derive(slice_of(der, len), out);
    }
    /* Reasons of a library are for its own queue, not for the next caller's. */
    ERR_clear_error();
    if (status == SG_TOO_LARGE) {
        return sg_fail(why, status,
                       "certificate and chain are together larger than %d bytes; leave "
                       "out what is not needed",
                       (int)CMS_BODY_MAX);
    }
    if (status != SG_OK) {
        return sg_fail(why, status,
                       "no signature can be built with this certificate and chain; check "
                       "that they are complete and belong together");
    }
    return SG_OK;
}

static enum sg_status build(X509 *const *certificates, size_t count,
                            struct cms_template *out, struct sg_error *why)
{
    if (out->shape.profile != SG_PROFILE_RAW) {
        TRY(cut(certificates, count, out, why));
    }
    enum sg_status status = cms_template_seal(out);
    if (status != SG_OK) {
        return sg_fail(why, status, "OpenSSL does not offer %s here; check its providers",
                       sg_hash_name(out->shape.hash));
    }
    return SG_OK;
}

enum sg_status cms_template_new(X509 *const *certificates, size_t count,
                                struct cms_shape shape, struct cms_template **out,
                                struct sg_error *why)
{
    TRY(check_shape(shape, why));
    if (count == 0) {
        return sg_fail(why, SG_INVALID, "the key has no certificate; import one");
    }
    EVP_PKEY *key = X509_get0_pubkey(certificates[0]);
    TRY(check_key(key, shape, why));

    struct cms_template *made = calloc(1, sizeof(*made));
    if (made == NULL) {
        return sg_fail(why, SG_NO_MEMORY, "there is no memory for a signature template");
    }
    made->shape = shape;
    made->signature_max = (size_t)EVP_PKEY_get_size(key);
    enum sg_status status = build(certificates, count, made, why);
    if (status != SG_OK) {
        cms_template_free(made);
        return status;
    }
    *out = made;
    return SG_OK;
}

void cms_template_free(struct cms_template *template)
{
    if (template == NULL) {
        return;
    }
    EVP_MD_free(template->md);
    free(template->body);
    free(template);
}

size_t cms_max_len(const struct cms_template *template)
{
    size_t len = template->signature_max;

    for (size_t i = template->level_count; i > 0; i--) {
        len += template->levels[i - 1].run;
        len += der_header_len(len);
    }
    return len;
}

const uint8_t *cms_template_id(const struct cms_template *template)
{
    return template->id;
}
