/* Whether a certificate was revoked, and whose word counts. */
#include <criterion/criterion.h>

#include "tests/unit/cms/support/writable.h"
#include "tests/unit/verify/support/statements.h"

TestSuite(verify_status, .init = statements_begin, .fini = statements_end);

Test(verify_status, lists_of_both_authorities_tell)
{
    statements_root_crl();
    statements_crl((struct authority_list){.this_s = NOW_S - DAY_S});
    statements_expect(VERIFY_PASS, "2025-12-31");
}

Test(verify_status, one_list_does_not_tell_of_the_other_certificate)
{
    statements_crl((struct authority_list){.this_s = NOW_S - DAY_S});
    statements_expect(VERIFY_NOTE, "CA Contoh G1");
    statements_root_crl();
    statements_expect(VERIFY_NOTE, "Segel Kota Contoh");
}

static void revoke(int64_t since_s)
{
    statements_root_crl();
    statements_crl((struct authority_list){
        .this_s = NOW_S - 60, .revoked = lawful.pki.leaf, .revoked_s = since_s});
}

Test(verify_status, a_revoked_signer_fails_and_the_time_is_named)
{
    revoke(NOW_S - DAY_S);
    statements_expect(VERIFY_FAIL, "2025-12-31");
}

/* Whoever hands them over chooses their order. */
Test(verify_status, of_two_lists_of_one_second_the_one_that_revokes_counts)
{
    statements_crl((struct authority_list){.this_s = NOW_S - 60});
    revoke(NOW_S - DAY_S);
    statements_expect(VERIFY_FAIL, "revoked");
    revoke(NOW_S - DAY_S);
    statements_crl((struct authority_list){.this_s = NOW_S - 60});
    statements_expect(VERIFY_FAIL, "revoked");
    revoke(NOW_S - DAY_S);
    statements_crl((struct authority_list){.this_s = NOW_S - 59});
    statements_expect(VERIFY_PASS, "No certificate");
}

/* The certificate of the issuing authority counts as much. */
Test(verify_status, a_revoked_authority_fails)
{
    statements_crl((struct authority_list){.this_s = NOW_S - 60,
                                           .root = true,
                                           .revoked = lawful.pki.issuing,
                                           .revoked_s = NOW_S - DAY_S});
    statements_crl((struct authority_list){.this_s = NOW_S - 60});
    statements_expect(VERIFY_FAIL, "CA Contoh G1");
}

Test(verify_status, what_was_signed_before_the_revocation_holds_when_the_time_is_proven)
{
    lawful.maker.stamp = &statements.authority;
    statements.authority.time_s = NOW_S - 2 * DAY_S;
    revoke(NOW_S - DAY_S);
    statements_expect(VERIFY_PASS, "No certificate");
    statements.authority.time_s = NOW_S - DAY_S / 2;
    revoke(NOW_S - DAY_S);
    statements_expect(VERIFY_FAIL, "revoked");
}

/* An old list that has run out still tells of a revocation. */
Test(verify_status, a_revocation_does_not_run_out)
{
    statements_root_crl();
    statements_crl((struct authority_list){.this_s = NOW_S - 90 * DAY_S,
                                           .revoked = lawful.pki.leaf,
                                           .revoked_s = NOW_S - 91 * DAY_S});
    statements_expect(VERIFY_FAIL, "revoked");
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
    lawful.maker.stamp = &statements.authority;
    statements.authority.time_s = NOW_S - 20 * DAY_S;
}

/* An authority takes what has expired from its list: whoever has the key that was revoked
 * would only have to wait. */
Test(verify_status, a_list_does_not_tell_of_a_certificate_that_had_expired)
{
    expire();
    statements_root_crl();
    statements_crl((struct authority_list){.this_s = NOW_S - DAY_S});
    statements_expect(VERIFY_NOTE, "Segel Kota Contoh");
    statements_root_crl();
    statements_crl((struct authority_list){.this_s = NOW_S - DAY_S});
    statements_crl((struct authority_list){.this_s = NOW_S - 21 * DAY_S,
                                           .revoked = lawful.pki.leaf,
                                           .revoked_s = NOW_S - 22 * DAY_S});
    statements_expect(VERIFY_FAIL, "revoked");
    statements_root_crl();
    statements_ocsp(false, NOW_S - DAY_S, NULL, NULL);
    statements_expect(VERIFY_NOTE, "Segel Kota Contoh");
    statements_root_crl();
    statements_crl((struct authority_list){.this_s = NOW_S - 11 * DAY_S});
    statements_expect(VERIFY_PASS, "No certificate");
}

Test(verify_status, a_list_may_say_that_it_keeps_what_has_expired)
{
    expire();
    statements_root_crl();
    statements_crl(
        (struct authority_list){.this_s = NOW_S - DAY_S, .kept = "20250101000000Z"});
    statements_expect(VERIFY_PASS, "No certificate");
    statements_root_crl();
    statements_crl(
        (struct authority_list){.this_s = NOW_S - DAY_S, .kept = "20251230000000Z"});
    statements_expect(VERIFY_NOTE, "Segel Kota Contoh");
}

Test(verify_status, a_list_by_another_key_is_not_believed)
{
    EVP_PKEY *stranger = pki_key_new(PKI_P256);

    statements_root_crl();
    statements_crl((struct authority_list){.this_s = NOW_S - DAY_S, .key = stranger});
    statements_expect(VERIFY_NOTE, "Segel Kota Contoh");
    /* Nor can it revoke. */
    statements_crl((struct authority_list){.this_s = NOW_S - DAY_S,
                                           .revoked = lawful.pki.leaf,
                                           .revoked_s = NOW_S - DAY_S,
                                           .key = stranger});
    statements_expect(VERIFY_NOTE, "Segel Kota Contoh");
    EVP_PKEY_free(stranger);
}

/* What was given is not signed by who may: the letter is not called valid. */
static void expect_disowned(enum verify_mark revocation)
{
    statements.material.given = true;
    lawful_make();
    verify_cms(&lawful.input, &lawful.report);
    cr_expect_eq(lawful_check("revocation")->mark, revocation);
    cr_expect_eq(lawful_check("statements")->mark, VERIFY_UNKNOWN);
    cr_expect_not(lawful.report.valid);
    verify_material_fini(&statements.material);
}

Test(verify_status, whoever_gave_a_statement_that_is_nobody_s_is_told)
{
    EVP_PKEY *stranger = pki_key_new(PKI_P256);

    statements_root_crl();
    statements_crl((struct authority_list){.this_s = NOW_S - DAY_S, .key = stranger});
    expect_disowned(VERIFY_NOTE);
    statements_root_crl();
    statements_crl((struct authority_list){.this_s = NOW_S - DAY_S});
    statements_crl((struct authority_list){.this_s = NOW_S - 60, .key = stranger});
    expect_disowned(VERIFY_PASS);
    statements_root_crl();
    statements_ocsp(false, NOW_S - 60, statements.authority.certificate,
                    statements.authority.key);
    expect_disowned(VERIFY_NOTE);
    statements.material.given = true;
    statements_root_crl();
    statements_crl((struct authority_list){.this_s = NOW_S - DAY_S});
    statements_expect(VERIFY_PASS, "No certificate");
    EVP_PKEY_free(stranger);
}

/* The time that a letter outlives its certificate by is as good as what is known of the
 * authority that tells it. */
Test(verify_status, a_statement_that_is_nobody_s_about_who_tells_the_time_is_told)
{
    lawful.maker.stamp = &statements.authority;
    statements.authority.time_s = NOW_S - DAY_S;
    struct slice der = authority_ocsp(
        &statements.authority, statements.authority.certificate, false, NOW_S - 60,
        statements.authority.certificate, statements.authority.key);
    verify_material_ocsp(&statements.material, der);
    OPENSSL_free(writable(der));
    expect_disowned(VERIFY_NOTE);
}

Test(verify_status, a_list_of_other_certificates_does_not_count)
{
    statements_root_crl();
    statements_crl((struct authority_list){.this_s = NOW_S - DAY_S,
                                           .scope = "critical,onlyCA:TRUE"});
    statements_expect(VERIFY_NOTE, "Segel Kota Contoh");
    statements_root_crl();
    statements_crl((struct authority_list){.this_s = NOW_S - DAY_S,
                                           .scope = "critical,onlyuser:TRUE"});
    statements_expect(VERIFY_PASS, "No certificate");
    statements_root_crl();
    statements_crl((struct authority_list){
        .this_s = NOW_S - DAY_S, .scope = "critical,onlysomereasons:keyCompromise"});
    statements_expect(VERIFY_NOTE, "Segel Kota Contoh");
    statements_root_crl();
    statements_crl((struct authority_list){
        .this_s = NOW_S - DAY_S, .scope = "critical,fullname:URI:http://ca.test/7.crl"});
    statements_expect(VERIFY_NOTE, "Segel Kota Contoh");
}

Test(verify_status, a_list_that_has_run_out_or_of_tomorrow_does_not_count)
{
    statements_root_crl();
    statements_crl((struct authority_list){.this_s = NOW_S - 8 * DAY_S});
    statements_expect(VERIFY_NOTE, "Segel Kota Contoh");
    statements_root_crl();
    statements_crl((struct authority_list){.this_s = NOW_S + DAY_S});
    statements_expect(VERIFY_NOTE, "Segel Kota Contoh");
}

/* --- OCSP ----------------------------------------------------------------------------
 */

Test(verify_status, an_answer_of_the_authority_tells)
{
    statements_root_crl();
    statements_ocsp(false, NOW_S - 60, NULL, NULL);
    statements_expect(VERIFY_PASS, "No certificate");
    statements_root_crl();
    statements_ocsp(true, NOW_S - 60, NULL, NULL);
    statements_expect(VERIFY_FAIL, "revoked");
}

/* The key was stolen three days ago, and the letter is two days old for certain. */
static void add_stolen_crl(int64_t this_s)
{
    lawful.maker.stamp = &statements.authority;
    statements.authority.time_s = NOW_S - 2 * DAY_S;
    statements_root_crl();
    statements_crl((struct authority_list){.this_s = this_s,
                                           .revoked = lawful.pki.leaf,
                                           .revoked_s = NOW_S - DAY_S,
                                           .unsafe_s = NOW_S - 3 * DAY_S});
}

Test(verify_status, the_date_since_which_the_key_was_unsafe_counts)
{
    add_stolen_crl(NOW_S - 120);
    statements_expect(VERIFY_FAIL, "2025-12-29");
    statements_root_crl();
    statements.authority.unsafe_s = NOW_S - 3 * DAY_S;
    statements_ocsp(true, NOW_S - 60, NULL, NULL);
    statements_expect(VERIFY_FAIL, "2025-12-29");
    statements.authority.unsafe_s = NOW_S - DAY_S;
    statements_root_crl();
    statements_ocsp(true, NOW_S - 60, NULL, NULL);
    statements_expect(VERIFY_PASS, "No certificate");
}

/* Both say that it is revoked: which of them is younger is no matter. */
Test(verify_status, a_word_that_revokes_later_takes_none_back)
{
    add_stolen_crl(NOW_S - 120);
    statements_ocsp(true, NOW_S - 60, NULL, NULL);
    statements_expect(VERIFY_FAIL, "2025-12-29");
    add_stolen_crl(NOW_S - 60);
    statements_ocsp(true, NOW_S - 120, NULL, NULL);
    statements_expect(VERIFY_FAIL, "2025-12-29");
    statements_crl((struct authority_list){
        .this_s = NOW_S - 60, .revoked = lawful.pki.leaf, .revoked_s = NOW_S - DAY_S});
    add_stolen_crl(NOW_S - 120);
    statements_expect(VERIFY_FAIL, "2025-12-29");
    add_stolen_crl(NOW_S - 120);
    statements_ocsp(true, NOW_S - 90, NULL, NULL);
    statements_crl((struct authority_list){.this_s = NOW_S - 60});
    statements_expect(VERIFY_PASS, "No certificate");
}

Test(verify_status, the_newest_word_counts)
{
    statements_root_crl();
    statements_crl((struct authority_list){.this_s = NOW_S - DAY_S});
    statements_ocsp(true, NOW_S - 60, NULL, NULL);
    statements_expect(VERIFY_FAIL, "revoked");
}

/* --- What cannot be read -------------------------------------------------------------
 */

Test(verify_status, what_is_no_statement_is_left_out)
{
    const struct slice noise = slice_str("0123456789");

    verify_material_crl(&statements.material, noise);
    verify_material_ocsp(&statements.material, noise);
    verify_material_certificate(&statements.material, noise);
    cr_expect_eq(verify_material_file(&statements.material, noise, false), SG_INVALID);
    cr_expect_eq(verify_material_file(&statements.material, noise, true), SG_INVALID);
    statements_expect(VERIFY_NOTE, "Segel Kota Contoh");
}
