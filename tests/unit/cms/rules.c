/* What a template promises and refuses. One lawful case, spoiled one fact at a time. */
#include <stdlib.h>
#include <time.h>

#include <criterion/criterion.h>
#include <openssl/cms.h>
#include <openssl/sha.h>

#include "gateway/cms/cms.h"
#include "tests/unit/cms/support/reference.h"

static struct pki pki;
static struct cms_template *pades;
static struct cms_template *cades;
static struct cms_template *raw;
static uint8_t digest_bytes[32];
static uint8_t signature_bytes[72];
static struct cms_parts lawful;
static uint8_t out[16384];

static const struct cms_shape ecdsa_pades = {
    .profile = SG_PROFILE_PADES_B_B, .scheme = SG_SCHEME_ECDSA, .hash = SG_HASH_SHA256};

static enum sg_status new_template(struct cms_shape shape, struct cms_template **made,
                                   struct sg_error *why)
{
    X509 *const chain[] = {pki.leaf, pki.issuing};

    return cms_template_new(chain, 2, shape, made, why);
}

static void begin(void)
{
    struct cms_shape shape = ecdsa_pades;

    pki_make(&pki, PKI_P256);
    cr_assert_eq(new_template(shape, &pades, NULL), SG_OK);
    shape.profile = SG_PROFILE_CADES_B_B;
    cr_assert_eq(new_template(shape, &cades, NULL), SG_OK);
    shape.profile = SG_PROFILE_RAW;
    cr_assert_eq(new_template(shape, &raw, NULL), SG_OK);
    memset(digest_bytes, 0x11, sizeof(digest_bytes));
    memset(signature_bytes, 0x22, sizeof(signature_bytes));
    lawful = (struct cms_parts){.digest = slice_of(digest_bytes, sizeof(digest_bytes)),
                                .signature = slice_of(signature_bytes, 70),
                                .signing_time_us = 1777680000000000};
}

static void end(void)
{
    cms_template_free(pades);
    cms_template_free(cades);
    cms_template_free(raw);
    pki_free(&pki);
}

TestSuite(cms_rules, .init = begin, .fini = end);

static int count_attributes(const struct cms_template *template, int nid)
{
    size_t len = 0;
    int count = 0;

    cr_assert_eq(cms_assemble(template, &lawful, out, sizeof(out), &len), SG_OK);
    const uint8_t *at = out;
    CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &at, (long)len);
    cr_assert_not_null(cms);
    CMS_SignerInfo *si = reference_signer(cms);
    for (int i = 0; i < CMS_signed_get_attr_count(si); i++) {
        X509_ATTRIBUTE *attribute = CMS_signed_get_attr(si, i);
        count += OBJ_obj2nid(X509_ATTRIBUTE_get0_object(attribute)) == nid;
    }
    CMS_ContentInfo_free(cms);
    return count;
}

Test(cms_rules, pades_has_no_signing_time)
{
    cr_expect_eq(count_attributes(pades, NID_pkcs9_signingTime), 0);
}

Test(cms_rules, cades_has_exactly_one_signing_time)
{
    cr_expect_eq(count_attributes(cades, NID_pkcs9_signingTime), 1);
}

Test(cms_rules, both_have_exactly_one_signing_certificate_v2)
{
    cr_expect_eq(count_attributes(pades, NID_id_smime_aa_signingCertificateV2), 1);
    cr_expect_eq(count_attributes(cades, NID_id_smime_aa_signingCertificateV2), 1);
    cr_expect_eq(count_attributes(pades, NID_id_smime_aa_signingCertificate), 0);
    cr_expect_eq(count_attributes(cades, NID_id_smime_aa_signingCertificate), 0);
}

Test(cms_rules, message_digest_and_content_type_stand_once)
{
    cr_expect_eq(count_attributes(pades, NID_pkcs9_messageDigest), 1);
    cr_expect_eq(count_attributes(pades, NID_pkcs9_contentType), 1);
}

Test(cms_rules, a_digest_of_wrong_length_is_refused)
{
    size_t len = 0;

    lawful.digest.len = 31;
    cr_expect_eq(cms_to_be_signed(pades, lawful.digest, 0, out, &len), SG_INVALID);
    cr_expect_eq(cms_to_be_signed(raw, lawful.digest, 0, out, &len), SG_INVALID);
    cr_expect_eq(cms_assemble(pades, &lawful, out, sizeof(out), &len), SG_INVALID);
}

Test(cms_rules, an_empty_or_overlong_signature_is_refused)
{
    size_t len = 0;

    lawful.signature.len = 0;
    cr_expect_eq(cms_assemble(pades, &lawful, out, sizeof(out), &len), SG_INVALID);
    lawful.signature = slice_of(out, 73);
    cr_expect_eq(cms_assemble(pades, &lawful, out, sizeof(out), &len), SG_INVALID);
}

Test(cms_rules, a_buffer_one_byte_too_small_is_refused_and_an_exact_one_is_not)
{
    size_t need = 0;
    size_t len = 0;

    cr_assert_eq(cms_assemble(pades, &lawful, out, sizeof(out), &need), SG_OK);
    cr_expect_eq(cms_assemble(pades, &lawful, out, need - 1, &len), SG_TOO_LARGE);
    cr_expect_eq(cms_assemble(pades, &lawful, out, need, &len), SG_OK);
}

Test(cms_rules, max_len_is_reached_by_the_longest_signature)
{
    size_t len = 0;

    lawful.signature.len = 72;
    cr_assert_eq(cms_assemble(pades, &lawful, out, sizeof(out), &len), SG_OK);
    cr_expect_eq(len, cms_max_len(pades));
}

Test(cms_rules, raw_signs_the_digest_itself_and_gives_the_bare_signature)
{
    size_t len = 0;

    cr_assert_eq(cms_to_be_signed(raw, lawful.digest, 0, out, &len), SG_OK);
    cr_expect(slice_equal(slice_of(out, len), lawful.digest));
    cr_assert_eq(cms_assemble(raw, &lawful, out, sizeof(out), &len), SG_OK);
    cr_expect(slice_equal(slice_of(out, len), lawful.signature));
    cr_expect_eq(cms_max_len(raw), 72);
}

Test(cms_rules, the_time_moves_only_cades_and_only_by_whole_seconds)
{
    uint8_t first[SG_HASH_MAX];
    uint8_t second[SG_HASH_MAX];
    size_t len = 0;

    cr_assert_eq(cms_to_be_signed(cades, lawful.digest, 1000000, first, &len), SG_OK);
    cr_assert_eq(cms_to_be_signed(cades, lawful.digest, 1999999, second, &len), SG_OK);
    cr_expect_arr_eq(first, second, len);
    cr_assert_eq(cms_to_be_signed(cades, lawful.digest, 2000000, second, &len), SG_OK);
    cr_expect_arr_neq(first, second, len);
    cr_assert_eq(cms_to_be_signed(pades, lawful.digest, 1000000, first, &len), SG_OK);
    cr_assert_eq(cms_to_be_signed(pades, lawful.digest, 2000000, second, &len), SG_OK);
    cr_expect_arr_eq(first, second, len);
}

Test(cms_rules, the_last_second_of_2049_is_signed_and_the_first_of_2050_refused)
{
    const int64_t end_us = 2524608000000000;
    size_t len = 0;

    cr_expect_eq(cms_to_be_signed(cades, lawful.digest, end_us - 1, out, &len), SG_OK);
    cr_expect_eq(cms_to_be_signed(cades, lawful.digest, end_us, out, &len), SG_INVALID);
    cr_expect_eq(cms_to_be_signed(cades, lawful.digest, -1, out, &len), SG_INVALID);
}

Test(cms_rules, a_scheme_that_does_not_fit_the_key_is_refused_with_a_sentence)
{
    struct cms_shape shape = ecdsa_pades;
    struct cms_template *made = NULL;
    struct sg_error why = {.text = ""};

    shape.scheme = SG_SCHEME_RSA_PKCS1;
    cr_expect_eq(new_template(shape, &made, &why), SG_INVALID);
    cr_expect_neq(strstr(why.text, "rsa-pkcs1"), NULL, "%s", why.text);
    cr_expect_null(made);
}

Test(cms_rules, profiles_with_time_stamps_have_no_template)
{
    struct cms_shape shape = ecdsa_pades;
    struct cms_template *made = NULL;

    shape.profile = SG_PROFILE_PADES_B_T;
    cr_expect_eq(new_template(shape, &made, NULL), SG_UNSUPPORTED);
}

Test(cms_rules, a_key_without_certificate_has_no_template)
{
    struct cms_template *made = NULL;

    cr_expect_eq(cms_template_new(NULL, 0, ecdsa_pades, &made, NULL), SG_INVALID);
}

Test(cms_rules, the_id_depends_on_certificate_profile_and_hash)
{
    struct cms_shape shape = ecdsa_pades;
    struct cms_template *same = NULL;
    struct cms_template *other = NULL;

    cr_assert_eq(new_template(shape, &same, NULL), SG_OK);
    shape.hash = SG_HASH_SHA384;
    cr_assert_eq(new_template(shape, &other, NULL), SG_OK);
    cr_expect_arr_eq(cms_template_id(pades), cms_template_id(same), 32);
    cr_expect_arr_neq(cms_template_id(pades), cms_template_id(cades), 32);
    cr_expect_arr_neq(cms_template_id(pades), cms_template_id(other), 32);
    cms_template_free(same);
    cms_template_free(other);
}

Test(cms_rules, a_certificate_given_twice_is_embedded_once)
{
    X509 *const twice[] = {pki.leaf, pki.leaf, pki.issuing, pki.issuing};
    struct cms_template *made = NULL;

    cr_assert_eq(cms_template_new(twice, 4, ecdsa_pades, &made, NULL), SG_OK);
    cr_expect_arr_eq(cms_template_id(made), cms_template_id(pades), 32);
    cms_template_free(made);
}

Test(cms_rules, more_certificates_than_a_packed_template_holds_are_refused)
{
    enum { MANY = 40 };
    X509 *chain[MANY] = {pki.leaf};
    struct cms_template *made = NULL;
    struct sg_error why = {.text = ""};

    for (int i = 1; i < MANY; i++) {
        chain[i] =
            pki_leaf_new(&pki, pki.leaf_key, &(struct pki_leaf){.common_name = "Contoh"});
    }
    cr_expect_eq(cms_template_new(chain, MANY, ecdsa_pades, &made, &why), SG_TOO_LARGE);
    cr_expect_neq(strstr(why.text, "leave out"), NULL, "%s", why.text);
    for (int i = 1; i < MANY; i++) {
        X509_free(chain[i]);
    }
}

/* Not a claim about this machine: the figure is printed, not judged. */
Test(cms_rules, speed_is_shown)
{
    enum { ROUNDS = 100000 };
    struct timespec from;
    struct timespec until;
    uint8_t tbs[SG_HASH_MAX];
    size_t len = 0;

    clock_gettime(CLOCK_MONOTONIC, &from);
    for (int i = 0; i < ROUNDS; i++) {
        digest_bytes[0] = (uint8_t)i;
        cr_assert_eq(
            cms_to_be_signed(cades, lawful.digest, lawful.signing_time_us, tbs, &len),
            SG_OK);
        cr_assert_eq(cms_assemble(cades, &lawful, out, sizeof(out), &len), SG_OK);
    }
    clock_gettime(CLOCK_MONOTONIC, &until);
    double ns = (double)(until.tv_sec - from.tv_sec) * 1e9 +
                (double)(until.tv_nsec - from.tv_nsec);
    cr_log_info("to_be_signed + assemble: %.0f ns", ns / ROUNDS);
    printf("cms: to_be_signed + assemble take %.0f ns (%zu bytes)\n", ns / ROUNDS, len);
}
