#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/objects.h>
#include <openssl/param_build.h>
#include <string.h>

#include "hsm/token/object.h"

/* Public keys: from the attributes of an object to OpenSSL's form. */

enum { MODULUS_MAX = 1024, POINT_MAX = 160, ED25519_LEN = 32 };

struct curve {
    const char *name;
    const char *group;
    unsigned bits;
    size_t size;
    const char *params;
    size_t params_len;
};

static const struct curve CURVES[] = {
#define CURVE(name, group, bits, size, params)                                           \
    {name, group, bits, size, params, sizeof(params) - 1},
#include "hsm/token/curve.def"
#undef CURVE
};

static void free_build(OSSL_PARAM_BLD **build)
{
    OSSL_PARAM_BLD_free(*build);
}

static void free_params(OSSL_PARAM **params)
{
    OSSL_PARAM_free(*params);
}

static void free_ctx(EVP_PKEY_CTX **ctx)
{
    EVP_PKEY_CTX_free(*ctx);
}

static void free_number(BIGNUM **number)
{
    BN_free(*number);
}

static enum sg_status from_params(const char *type, OSSL_PARAM_BLD *build,
                                  EVP_PKEY **public)
{
    AUTO(free_params) OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
    AUTO(free_ctx) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    bool good = params != NULL && ctx != NULL && EVP_PKEY_fromdata_init(ctx) == 1 &&
                EVP_PKEY_fromdata(ctx, public, EVP_PKEY_PUBLIC_KEY, params) == 1;
    return good ? SG_OK : SG_UNSUPPORTED;
}

static enum sg_status read_rsa(struct object object, EVP_PKEY **public)
{
    uint8_t modulus[MODULUS_MAX];
    uint8_t exponent[MODULUS_MAX];
    size_t n_len = sizeof(modulus);
    size_t e_len = sizeof(exponent);
    if (object_bytes(object, CKA_MODULUS, modulus, &n_len) != CKR_OK ||
        object_bytes(object, CKA_PUBLIC_EXPONENT, exponent, &e_len) != CKR_OK ||
        n_len == 0 || e_len == 0) {
        return SG_NOT_FOUND;
    }
    AUTO(free_number) BIGNUM *n = BN_bin2bn(modulus, (int)n_len, NULL);
    AUTO(free_number) BIGNUM *e = BN_bin2bn(exponent, (int)e_len, NULL);
    AUTO(free_build) OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    bool good = n != NULL && e != NULL && build != NULL &&
                OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
                OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) == 1;
    return good ? from_params("RSA", build, public) : SG_NO_MEMORY;
}

/* CKA_EC_POINT is the DER of an OCTET STRING; some modules leave the wrapping out. A bare
 * point begins like a wrapped one (04), so it is told by its length. tpm2-pkcs11 1.9
 * wraps P-521 with a wrong length, which it cannot read itself when it is to sign:
 * refused. */
static struct slice unwrap_point(struct slice bytes, size_t size)
{
    enum { OCTET_STRING = 0x04, LONG_FORM = 0x81 };
    const uint8_t *data = bytes.data;
    bool bare = bytes.len == size;
    bool short_form = bytes.len == size + 2 && data[0] == OCTET_STRING && data[1] == size;
    bool long_form = bytes.len == size + 3 && data[0] == OCTET_STRING &&
                     data[1] == LONG_FORM && data[2] == size;

    if (!bare && !(short_form && size < 0x80) && !long_form) {
        return (struct slice){0};
    }
    return slice_of(data + (bytes.len - size), size);
}

static struct slice curve_point(struct slice bytes, const struct curve *curve)
{
    struct slice point = unwrap_point(bytes, 1 + 2 * curve->size);
    return point.len > 0 ? point : unwrap_point(bytes, 1 + curve->size); /* compressed */
}

static const struct curve *read_curve(struct object object)
{
    uint8_t params[64];
    size_t len = sizeof(params);
    if (object_bytes(object, CKA_EC_PARAMS, params, &len) != CKR_OK) {
        return NULL;
    }
    for (size_t i = 0; i < SG_COUNT(CURVES); i++) {
        if (slice_equal(slice_of(params, len),
                        slice_of(CURVES[i].params, CURVES[i].params_len))) {
            return &CURVES[i];
        }
    }
    return NULL;
}

static enum sg_status read_ec(struct object object, EVP_PKEY **public)
{
    uint8_t bytes[POINT_MAX];
    size_t len = sizeof(bytes);
    const struct curve *curve = read_curve(object);
    if (curve == NULL) {
        return SG_UNSUPPORTED;
    }
    if (object_bytes(object, CKA_EC_POINT, bytes, &len) != CKR_OK || len == 0) {
        return SG_NOT_FOUND;
    }
    struct slice point = curve_point(slice_of(bytes, len), curve);
    if (point.len == 0) {
        return SG_UNSUPPORTED;
    }
    AUTO(free_build) OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    bool good = build != NULL &&
                OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME,
                                                curve->group, 0) == 1 &&
                OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY,
                                                 point.data, point.len) == 1;
    return good ? from_params("EC", build, public) : SG_NO_MEMORY;
}

static enum sg_status read_ed25519(struct object object, EVP_PKEY **public)
{
    uint8_t bytes[POINT_MAX];
    size_t len = sizeof(bytes);
    if (object_bytes(object, CKA_EC_POINT, bytes, &len) != CKR_OK || len == 0) {
        return SG_NOT_FOUND;
    }
    struct slice point = unwrap_point(slice_of(bytes, len), ED25519_LEN);
    if (point.len == 0) {
        return SG_UNSUPPORTED; /* Ed448 */
    }
    *public = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, point.data, point.len);
    return *public == NULL ? SG_UNSUPPORTED : SG_OK;
}

static enum sg_status describe_ec(EVP_PKEY *public, struct key *key)
{
    char group[32];
    size_t len = 0;
    if (EVP_PKEY_get_group_name(public, group, sizeof(group), &len) != 1) {
        return SG_UNSUPPORTED;
    }
    for (size_t i = 0; i < SG_COUNT(CURVES); i++) {
        if (EC_curve_nist2nid(CURVES[i].group) == OBJ_txt2nid(group)) {
            key->type = KEY_EC;
            key->curve = CURVES[i].name;
            key->bits = CURVES[i].bits;
            key->raw_len = 2 * CURVES[i].size;
            return SG_OK;
        }
    }
    return SG_UNSUPPORTED;
}

static enum sg_status describe_rsa(EVP_PKEY *public, struct key *key)
{
    AUTO(free_number) BIGNUM *e = NULL;
    if (EVP_PKEY_get_bn_param(public, OSSL_PKEY_PARAM_RSA_E, &e) != 1) {
        return SG_UNSUPPORTED;
    }
    key->type = KEY_RSA;
    key->curve = "";
    key->bits = (unsigned)EVP_PKEY_get_bits(public);
    key->raw_len = (size_t)EVP_PKEY_get_size(public);
    key->rsa_e = BN_num_bits(e) <= 64 ? BN_get_word(e) : 0;
    return key->raw_len <= MODULUS_MAX ? SG_OK : SG_UNSUPPORTED;
}

/* Type, bits, curve and signature length of a public key. SG_UNSUPPORTED otherwise. */
static SG_MUST_USE enum sg_status object_describe(EVP_PKEY *public, struct key *key)
{
    switch (EVP_PKEY_get_base_id(public)) {
    case EVP_PKEY_RSA:
        return describe_rsa(public, key);
    case EVP_PKEY_EC:
        return describe_ec(public, key);
    case EVP_PKEY_ED25519:
        key->type = KEY_ED25519;
        key->curve = "Ed25519";
        key->bits = 255;
        key->raw_len = 64;
        return SG_OK;
    default:
        return SG_UNSUPPORTED;
    }
}

static enum sg_status read_public(struct object object, EVP_PKEY **public)
{
    CK_ULONG type = 0;
    if (!object_ulong(object, CKA_KEY_TYPE, &type)) {
        return SG_NOT_FOUND;
    }
    switch (type) {
    case CKK_RSA:
        return read_rsa(object, public);
    case CKK_EC:
        return read_ec(object, public);
    case CKK_EC_EDWARDS:
        return read_ed25519(object, public);
    default:
        return SG_UNSUPPORTED;
    }
}

enum sg_status object_public_key(struct object object, struct key *key, EVP_PKEY **public)
{
    EVP_PKEY *read = NULL;
    TRY(read_public(object, &read));
    enum sg_status status = object_describe(read, key);
    if (status != SG_OK) {
        EVP_PKEY_free(read);
        return status;
    }
    *public = read;
    return SG_OK;
}
