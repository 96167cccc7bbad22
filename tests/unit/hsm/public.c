#include <criterion/criterion.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <string.h>

#include "hsm/token/object.h"

/* Modules write public keys in more than one form: each of them is read. The object is a
 * function that answers for its attributes. */

static struct {
    CK_KEY_TYPE type;
    struct slice params;
    uint8_t point[160];
    size_t point_len;
} shown;

static CK_RV answer(CK_ATTRIBUTE *attribute, struct slice value)
{
    if (value.data == NULL || attribute->ulValueLen < value.len) {
        attribute->ulValueLen = CK_UNAVAILABLE_INFORMATION;
        return value.data == NULL ? CKR_ATTRIBUTE_TYPE_INVALID : CKR_BUFFER_TOO_SMALL;
    }
    memcpy(attribute->pValue, value.data, value.len);
    attribute->ulValueLen = value.len;
    return CKR_OK;
}

static CK_RV get_attribute(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                           CK_ATTRIBUTE *attribute, CK_ULONG count)
{
    struct slice value = {0};
    (void)session;
    (void)object;
    cr_assert_eq(count, 1);
    if (attribute->type == CKA_KEY_TYPE) {
        value = slice_of(&shown.type, sizeof(shown.type));
    } else if (attribute->type == CKA_EC_PARAMS) {
        value = shown.params;
    } else if (attribute->type == CKA_EC_POINT) {
        value = slice_of(shown.point, shown.point_len);
    }
    return answer(attribute, value);
}

static EVP_PKEY *read_shown(enum sg_status wanted)
{
    static CK_FUNCTION_LIST list = {.C_GetAttributeValue = get_attribute};
    struct object object = {.reach = {.fn = &list}};
    struct key key = {0};
    EVP_PKEY *public = NULL;
    cr_assert_eq(object_public_key(object, &key, &public), wanted);
    return public;
}

/* The point of a fresh key whose second byte, the first of X, is wanted (-1: any). */
static EVP_PKEY *make_key(const char *group, int first, uint8_t point[160], size_t *len)
{
    for (;;) {
        EVP_PKEY *key = EVP_EC_gen(group);
        cr_assert_not_null(key);
        cr_assert_eq(EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point,
                                                     160, len),
                     1);
        if (first < 0 || point[1] == first) {
            return key;
        }
        EVP_PKEY_free(key);
    }
}

static void show(struct slice params, struct slice header, const uint8_t *point,
                 size_t len)
{
    shown.type = CKK_EC;
    shown.params = params;
    memcpy(shown.point, header.data, header.len);
    memcpy(shown.point + header.len, point, len);
    shown.point_len = header.len + len;
}

static void is_read(const char *group, struct slice params, struct slice header,
                    int first)
{
    uint8_t point[160];
    size_t len = 0;
    EVP_PKEY *made = make_key(group, first, point, &len);
    show(params, header, point, len);
    EVP_PKEY *read = read_shown(SG_OK);
    cr_expect_eq(EVP_PKEY_eq(made, read), 1, "%s with %zu bytes of header", group,
                 header.len);
    EVP_PKEY_free(made);
    EVP_PKEY_free(read);
}

#define BYTES(text) slice_of(text, sizeof(text) - 1)
#define P256        BYTES("\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07")
#define P384        BYTES("\x06\x05\x2b\x81\x04\x00\x22")
#define P521        BYTES("\x06\x05\x2b\x81\x04\x00\x23")

Test(public, a_wrapped_point_is_read)
{
    is_read("P-256", P256, BYTES("\x04\x41"), -1);
    is_read("P-384", P384, BYTES("\x04\x61"), -1);
    is_read("P-521", P521, BYTES("\x04\x81\x85"), -1);
}

Test(public, a_bare_point_is_read)
{
    is_read("P-256", P256, BYTES(""), -1);
    is_read("P-521", P521, BYTES(""), -1);
}

/* 04 3f and 63 more bytes: one key of 256 has such a point. */
Test(public, a_bare_point_that_looks_wrapped_is_read)
{
    is_read("P-256", P256, BYTES(""), 0x3f);
}

/* A key that the module cannot use itself must not look usable. */
Test(public, the_wrong_length_of_tpm2_pkcs11_is_refused)
{
    uint8_t point[160];
    size_t len = 0;
    EVP_PKEY_free(make_key("P-521", -1, point, &len));
    show(P521, BYTES("\x04\x85"), point, len);
    (void)read_shown(SG_UNSUPPORTED);
}

Test(public, a_point_of_no_lawful_length_is_refused)
{
    uint8_t point[160];
    size_t len = 0;
    EVP_PKEY_free(make_key("P-256", -1, point, &len));
    show(P256, BYTES("\x04\x41"), point, len - 1);
    (void)read_shown(SG_UNSUPPORTED);
    show(P256, BYTES("\x03\x42"), point, len);
    (void)read_shown(SG_UNSUPPORTED);
    show(P256, BYTES("\x04\x81\x00\x41"), point, len);
    (void)read_shown(SG_UNSUPPORTED);
    show(P384, BYTES("\x04\x41"), point, len);
    (void)read_shown(SG_UNSUPPORTED);
}

Test(public, a_point_that_is_not_on_its_curve_is_refused)
{
    uint8_t point[160];
    size_t len = 0;
    EVP_PKEY_free(make_key("P-256", -1, point, &len));
    point[len - 1] ^= 1;
    show(P256, BYTES("\x04\x41"), point, len);
    (void)read_shown(SG_UNSUPPORTED);
}
