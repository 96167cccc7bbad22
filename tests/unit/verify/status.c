/* Whether a certificate was revoked, and whose word counts. */
#include <criterion/criterion.h>

#include "tests/unit/cms/support/writable.h"
#include "tests/unit/verify/support/lawful.h"

enum { NOW_S = 1767225600, DAY_S = 86400 };

static struct authority authority;
static struct verify_material material;

static void begin(void)
{
    lawful_begin(PKI_P256);
    authority_make(&authority, &lawful.pki, NOW_S - DAY_S);
    material = (struct verify_material){.crls = NULL};
    lawful.input.given = &material;
}

static void end(void)
{
    verify_material_fini(&material);
    authority_free(&authority);
    lawful_end();
}

TestSuite(verify_status, .init = begin, .fini = end);

static void add_crl(struct authority_list list)
{
    struct slice der = authority_crl(&authority, &list);

    verify_material_crl(&material, der);
    OPENSSL_free(writable(der));
}

static void add_ocsp(bool revoked, int64_t this_s, X509 *responder, EVP_PKEY *key)
{
    struct slice der =
        authority_ocsp(&authority, lawful.pki.leaf, revoked, this_s, responder, key);

    verify_material_ocsp(&material, der);
    OPENSSL_free(writable(der));
}

/* Nobody is revoked by the root. */
static void add_root_crl(void)
{
    add_crl((struct authority_list){.this_s = NOW_S - DAY_S, .root = true});
}

static void expect(enum verify_mark mark, const char *word)
{
    lawful_make();
    verify_cms(&lawful.input, &lawful.report);
    cr_expect_eq(lawful_check("revocation")->mark, mark, "%s",
                 lawful_check("revocation")->text);
    cr_expect_neq(strstr(lawful_check("revocation")->text, word), NULL, "%s",
                  lawful_check("revocation")->text);
    cr_expect_eq(lawful.report.valid, mark != VERIFY_FAIL);
    cr_expect_eq(lawful.report.status_known, mark == VERIFY_PASS);
    verify_material_fini(&material);
}

Test(verify_status, lists_of_both_authorities_tell)
{
    add_root_crl();
    add_crl((struct authority_list){.this_s = NOW_S - DAY_S});
    expect(VERIFY_PASS, "2025-12-31");
}

Test(verify_status, one_list_does_not_tell_of_the_other_certificate)
{
    add_crl((struct authority_list){.this_s = NOW_S - DAY_S});
    expect(VERIFY_NOTE, "CA Contoh G1");
    add_root_crl();
    expect(VERIFY_NOTE, "Segel Kota Contoh");
}

static void revoke(int64_t since_s)
{
    add_root_crl();
    add_crl((struct authority_list){
        .this_s = NOW_S - 60, .revoked = lawful.pki.leaf, .revoked_s = since_s});
}

Test(verify_status, a_revoked_signer_fails_and_the_time_is_named)
{
    revoke(NOW_S - DAY_S);
    expect(VERIFY_FAIL, "2025-12-31");
}

/* Whoever hands them over chooses their order. */
Test(verify_status, of_two_lists_of_one_second_the_one_that_revokes_counts)
{
    add_crl((struct authority_list){.this_s = NOW_S - 60});
    revoke(NOW_S - DAY_S);
    expect(VERIFY_FAIL, "revoked");
    revoke(NOW_S - DAY_S);
    add_crl((struct authority_list){.this_s = NOW_S - 60});
    expect(VERIFY_FAIL, "revoked");
    revoke(NOW_S - DAY_S);
    add_crl((struct authority_list){.this_s = NOW_S - 59});
    expect(VERIFY_PASS, "No certificate");
}

/* The certificate of the issuing authority counts as much. */
Test(verify_status, a_revoked_authority_fails)
{
    add_crl((struct authority_list){.this_s = NOW_S - 60,
                                    .root = true,
                                    .revoked = lawful.pki.issuing,
                                    .revoked_s = NOW_S - DAY_S});
    add_crl((struct authority_list){.this_s = NOW_S - 60});
    expect(VERIFY_FAIL, "CA Contoh G1");
}

Test(verify_status, what_was_signed_before_the_revocation_holds_when_the_time_is_proven)
{
    lawful.maker.stamp = &authority;
    authority.time_s = NOW_S - 2 * DAY_S;
    revoke(NOW_S - DAY_S);
    expect(VERIFY_PASS, "No certificate");
    authority.time_s = NOW_S - DAY_S / 2;
    revoke(NOW_S - DAY_S);
    expect(VERIFY_FAIL, "revoked");
}

/* An old list that has run out still tells of a revocation. */
Test(verify_status, a_revocation_does_not_run_out)
{
    add_root_crl();
    add_crl((struct authority_list){.this_s = NOW_S - 90 * DAY_S,
                                    .revoked = lawful.pki.leaf,
                                    .revoked_s = NOW_S - 91 * DAY_S});
    expect(VERIFY_FAIL, "revoked");
}

/* The signer's certificate ended ten days ago; the letter is twenty days old for certain.
 */
static void expire(void)
{
    X509_free(lawful.pki.leaf);
    lawful.pki.leaf = pki_leaf_new(&lawful.pki, lawful.pki.leaf_key,
                                   &(struct pki_leaf){.common_name = "Segel Kota Contoh",
                                                      .not_after_s = NOW_S - 10 * DAY_S});
    lawful.maker.certificate = lawful.maker.ess = lawful.pki.leaf;
    lawful.maker.stamp = &authority;
    authority.time_s = NOW_S - 20 * DAY_S;
}

/* An authority takes what has expired from its list: whoever has the key that was revoked
 * would only have to wait. */
Test(verify_status, a_list_does_not_tell_of_a_certificate_that_had_expired)
{
    expire();
    add_root_crl();
    add_crl((struct authority_list){.this_s = NOW_S - DAY_S});
    expect(VERIFY_NOTE, "Segel Kota Contoh");
    add_root_crl();
    add_crl((struct authority_list){.this_s = NOW_S - DAY_S});
    add_crl((struct authority_list){.this_s = NOW_S - 21 * DAY_S,
                                    .revoked = lawful.pki.leaf,
                                    .revoked_s = NOW_S - 22 * DAY_S});
    expect(VERIFY_FAIL, "revoked");
    add_root_crl();
    add_ocsp(false, NOW_S - DAY_S, NULL, NULL);
    expect(VERIFY_NOTE, "Segel Kota Contoh");
    add_root_crl();
    add_crl((struct authority_list){.this_s = NOW_S - 11 * DAY_S});
    expect(VERIFY_PASS, "No certificate");
}

Test(verify_status, a_list_may_say_that_it_keeps_what_has_expired)
{
    expire();
    add_root_crl();
    add_crl((struct authority_list){.this_s = NOW_S - DAY_S, .kept = "20250101000000Z"});
    expect(VERIFY_PASS, "No certificate");
    add_root_crl();
    add_crl((struct authority_list){.this_s = NOW_S - DAY_S, .kept = "20251230000000Z"});
    expect(VERIFY_NOTE, "Segel Kota Contoh");
}

Test(verify_status, a_list_by_another_key_is_not_believed)
{
    EVP_PKEY *stranger = pki_key_new(PKI_P256);

    add_root_crl();
    add_crl((struct authority_list){.this_s = NOW_S - DAY_S, .key = stranger});
    expect(VERIFY_NOTE, "Segel Kota Contoh");
    /* Nor can it revoke. */
    add_crl((struct authority_list){.this_s = NOW_S - DAY_S,
                                    .revoked = lawful.pki.leaf,
                                    .revoked_s = NOW_S - DAY_S,
                                    .key = stranger});
    expect(VERIFY_NOTE, "Segel Kota Contoh");
    EVP_PKEY_free(stranger);
}

/* What was given is not signed by who may: the letter is not called valid. */
static void expect_disowned(enum verify_mark revocation)
{
    material.given = true;
    lawful_make();
    verify_cms(&lawful.input, &lawful.report);
    cr_expect_eq(lawful_check("revocation")->mark, revocation);
    cr_expect_eq(lawful_check("statements")->mark, VERIFY_UNKNOWN);
    cr_expect_not(lawful.report.valid);
    verify_material_fini(&material);
}

Test(verify_status, whoever_gave_a_statement_that_is_nobody_s_is_told)
{
    EVP_PKEY *stranger = pki_key_new(PKI_P256);

    add_root_crl();
    add_crl((struct authority_list){.this_s = NOW_S - DAY_S, .key = stranger});
    expect_disowned(VERIFY_NOTE);
    add_root_crl();
    add_crl((struct authority_list){.this_s = NOW_S - DAY_S});
    add_crl((struct authority_list){.this_s = NOW_S - 60, .key = stranger});
    expect_disowned(VERIFY_PASS);
    add_root_crl();
    add_ocsp(false, NOW_S - 60, authority.certificate, authority.key);
    expect_disowned(VERIFY_NOTE);
    material.given = true;
    add_root_crl();
    add_crl((struct authority_list){.this_s = NOW_S - DAY_S});
    expect(VERIFY_PASS, "No certificate");
    EVP_PKEY_free(stranger);
}

/* The time that a letter outlives its certificate by is as good as what is known of the
 * authority that tells it. */
Test(verify_status, a_statement_that_is_nobody_s_about_who_tells_the_time_is_told)
{
    lawful.maker.stamp = &authority;
    authority.time_s = NOW_S - DAY_S;
    struct slice der = authority_ocsp(&authority, authority.certificate, false,
                                      NOW_S - 60, authority.certificate, authority.key);
    verify_material_ocsp(&material, der);
    OPENSSL_free(writable(der));
    expect_disowned(VERIFY_NOTE);
}

Test(verify_status, a_list_of_other_certificates_does_not_count)
{
    add_root_crl();
    add_crl((struct authority_list){.this_s = NOW_S - DAY_S,
                                    .scope = "critical,onlyCA:TRUE"});
    expect(VERIFY_NOTE, "Segel Kota Contoh");
    add_root_crl();
    add_crl((struct authority_list){.this_s = NOW_S - DAY_S,
                                    .scope = "critical,onlyuser:TRUE"});
    expect(VERIFY_PASS, "No certificate");
    add_root_crl();
    add_crl((struct authority_list){.this_s = NOW_S - DAY_S,
                                    .scope = "critical,onlysomereasons:keyCompromise"});
    expect(VERIFY_NOTE, "Segel Kota Contoh");
    add_root_crl();
    add_crl((struct authority_list){
        .this_s = NOW_S - DAY_S, .scope = "critical,fullname:URI:http://ca.test/7.crl"});
    expect(VERIFY_NOTE, "Segel Kota Contoh");
}

Test(verify_status, a_list_that_has_run_out_or_of_tomorrow_does_not_count)
{
    add_root_crl();
    add_crl((struct authority_list){.this_s = NOW_S - 8 * DAY_S});
    expect(VERIFY_NOTE, "Segel Kota Contoh");
    add_root_crl();
    add_crl((struct authority_list){.this_s = NOW_S + DAY_S});
    expect(VERIFY_NOTE, "Segel Kota Contoh");
}

/* --- OCSP ----------------------------------------------------------------------------
 */

Test(verify_status, an_answer_of_the_authority_tells)
{
    add_root_crl();
    add_ocsp(false, NOW_S - 60, NULL, NULL);
    expect(VERIFY_PASS, "No certificate");
    add_root_crl();
    add_ocsp(true, NOW_S - 60, NULL, NULL);
    expect(VERIFY_FAIL, "revoked");
}

/* The key was stolen three days ago, and the letter is two days old for certain. */
static void add_stolen_crl(int64_t this_s)
{
    lawful.maker.stamp = &authority;
    authority.time_s = NOW_S - 2 * DAY_S;
    add_root_crl();
    add_crl((struct authority_list){.this_s = this_s,
                                    .revoked = lawful.pki.leaf,
                                    .revoked_s = NOW_S - DAY_S,
                                    .unsafe_s = NOW_S - 3 * DAY_S});
}

Test(verify_status, the_date_since_which_the_key_was_unsafe_counts)
{
    add_stolen_crl(NOW_S - 120);
    expect(VERIFY_FAIL, "2025-12-29");
    add_root_crl();
    authority.unsafe_s = NOW_S - 3 * DAY_S;
    add_ocsp(true, NOW_S - 60, NULL, NULL);
    expect(VERIFY_FAIL, "2025-12-29");
    authority.unsafe_s = NOW_S - DAY_S;
    add_root_crl();
    add_ocsp(true, NOW_S - 60, NULL, NULL);
    expect(VERIFY_PASS, "No certificate");
}

/* Both say that it is revoked: which of them is younger is no matter. */
Test(verify_status, a_word_that_revokes_later_takes_none_back)
{
    add_stolen_crl(NOW_S - 120);
    add_ocsp(true, NOW_S - 60, NULL, NULL);
    expect(VERIFY_FAIL, "2025-12-29");
    add_stolen_crl(NOW_S - 60);
    add_ocsp(true, NOW_S - 120, NULL, NULL);
    expect(VERIFY_FAIL, "2025-12-29");
    add_crl((struct authority_list){
        .this_s = NOW_S - 60, .revoked = lawful.pki.leaf, .revoked_s = NOW_S - DAY_S});
    add_stolen_crl(NOW_S - 120);
    expect(VERIFY_FAIL, "2025-12-29");
    add_stolen_crl(NOW_S - 120);
    add_ocsp(true, NOW_S - 90, NULL, NULL);
    add_crl((struct authority_list){.this_s = NOW_S - 60});
    expect(VERIFY_PASS, "No certificate");
}

Test(verify_status, the_newest_word_counts)
{
    add_root_crl();
    add_crl((struct authority_list){.this_s = NOW_S - DAY_S});
    add_ocsp(true, NOW_S - 60, NULL, NULL);
    expect(VERIFY_FAIL, "revoked");
}

/* --- What cannot be read -------------------------------------------------------------
 */

Test(verify_status, what_is_no_statement_is_left_out)
{
    const struct slice noise = slice_str("0123456789");

    verify_material_crl(&material, noise);
    verify_material_ocsp(&material, noise);
    verify_material_certificate(&material, noise);
    cr_expect_eq(verify_material_file(&material, noise, false), SG_INVALID);
    cr_expect_eq(verify_material_file(&material, noise, true), SG_INVALID);
    expect(VERIFY_NOTE, "Segel Kota Contoh");
}
