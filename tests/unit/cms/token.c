/* A CMS with a time stamp against OpenSSL's own encoding, byte for byte. */
#include <criterion/criterion.h>
#include <openssl/cms.h>
#include <stdlib.h>

#include "gateway/cms/cms.h"
#include "tests/unit/cms/support/reference.h"
#include "tests/unit/cms/support/writable.h"

static const char letter[] = "Surat keterangan nomor 470/123/2026";
static struct pki pki;

/* Any SEQUENCE: what stands in it is for others to judge. */
static struct slice token_of(size_t content)
{
    static uint8_t bytes[70000];
    size_t at = 0;

    bytes[at++] = 0x30;
    if (content < 128) {
        bytes[at++] = (uint8_t)content;
    } else if (content < 256) {
        bytes[at++] = 0x81;
        bytes[at++] = (uint8_t)content;
    } else {
        bytes[at++] = 0x82;
        bytes[at++] = (uint8_t)(content >> 8);
        bytes[at++] = (uint8_t)content;
    }
    memset(bytes + at, 0, content); /* elements of length 0, with tag 0 */
    return slice_of(bytes, at + content);
}

static void hold_against(CMS_ContentInfo *reference, const struct cms_template *template,
                         struct slice token)
{
    CMS_SignerInfo *signer = reference_signer(reference);
    struct cms_parts parts = reference_parts(reference);
    size_t cap = cms_max_len(template) + cms_token_room(token.len);
    uint8_t *made = malloc(cap);
    size_t len = 0;

    cr_assert_eq(CMS_unsigned_add1_attr_by_NID(signer, NID_id_smime_aa_timeStampToken,
                                               V_ASN1_SEQUENCE, token.data,
                                               (int)token.len),
                 1);
    struct slice want = reference_der(reference);
    parts.token = token;
    cr_assert_eq(cms_assemble(template, &parts, made, cap, &len), SG_OK);
    cr_expect(slice_equal(slice_of(made, len), want), "token of %zu: %zu bytes, not %zu",
              token.len, len, want.len);
    cr_expect_eq(cms_assemble(template, &parts, made, len - 1, &len), SG_TOO_LARGE);
    X509_ATTRIBUTE_free(CMS_unsigned_delete_attr(signer, 0));
    OPENSSL_free(writable(want));
    free(made);
}

Test(cms_token, of_any_length_equals_openssl)
{
    static const size_t contents[] = {2, 90, 100, 126, 220, 254, 256, 5000, 12000, 65000};
    const struct cms_shape shapes[] = {
        {SG_PROFILE_PADES_B_B, SG_SCHEME_RSA_PKCS1, SG_HASH_SHA256},
        {SG_PROFILE_CADES_B_B, SG_SCHEME_RSA_PKCS1, SG_HASH_SHA256}};

    pki_make(&pki, PKI_RSA_2048);
    X509 *const chain[] = {pki.leaf, pki.issuing};
    for (size_t i = 0; i < SG_COUNT(shapes); i++) {
        struct cms_template *template = NULL;
        struct sg_error why = {0};
        CMS_ContentInfo *reference =
            reference_cms(&pki, shapes[i], slice_of(letter, sizeof(letter)));
        cr_assert_eq(cms_template_new(chain, 2, shapes[i], &template, &why), SG_OK);
        for (size_t k = 0; k < SG_COUNT(contents); k++) {
            hold_against(reference, template, token_of(contents[k]));
        }
        CMS_ContentInfo_free(reference);
        cms_template_free(template);
    }
}

Test(cms_token, a_bare_signature_takes_none)
{
    const struct cms_shape shape = {SG_PROFILE_RAW, SG_SCHEME_RSA_PKCS1, SG_HASH_SHA256};
    uint8_t signature[256] = {0};
    uint8_t digest[32] = {0};
    uint8_t out[4096];
    size_t len = 0;
    struct cms_template *template = NULL;
    struct sg_error why = {0};

    pki_make(&pki, PKI_RSA_2048);
    X509 *const chain[] = {pki.leaf, pki.issuing};
    cr_assert_eq(cms_template_new(chain, 2, shape, &template, &why), SG_OK);
    const struct cms_parts parts = {.digest = slice_of(digest, sizeof(digest)),
                                    .signature = slice_of(signature, sizeof(signature)),
                                    .token = token_of(10)};
    cr_expect_eq(cms_assemble(template, &parts, out, sizeof(out), &len), SG_INVALID);
    cms_template_free(template);
}
