#include <criterion/criterion.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include "tests/unit/cert/support/town.h"

static const int64_t now_us = MAKER_NOW_S * 1000000;

static struct sg_error why;

TestSuite(cert, .init = town_found, .fini = town_leave);

static bool is_text(const struct facts *facts, enum fact fact, const char *wanted)
{
    return facts->value[fact].present &&
           slice_equal(facts->value[fact].text, slice_str(wanted));
}

static bool is_bool(const struct facts *facts, enum fact fact, bool wanted)
{
    return facts->value[fact].present && (facts->value[fact].number != 0) == wanted;
}

static bool is_set(const struct facts *facts, enum fact fact, const char *const *wanted,
                   size_t count)
{
    const struct fact_value *value = &facts->value[fact];

    if (!value->present || value->set_count != count) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (!slice_equal(value->set[i], slice_str(wanted[i]))) {
            return false;
        }
    }
    return true;
}

Test(cert, lawful_seal_tells_all_its_facts)
{
    static const char *const usages[] = {"digitalSignature", "nonRepudiation"};
    static const char *const policies[] = {"2.16.360.1.1.1.3.12"};
    static const char *const ekus[] = {"1.3.6.1.5.5.7.3.4", "1.3.6.1.5.5.7.3.2",
                                       "1.3.6.1.4.1.311.10.3.12", "1.2.840.113583.1.1.5"};
    struct maker_spec spec = maker_seal(&town_issuing);
    struct cert *cert = NULL;
    struct facts facts = town_facts(&spec, &cert);

    cr_expect(is_text(&facts, FACT_ID_cert_serial, "0A1B2C"));
    cr_expect(is_text(&facts, FACT_ID_cert_subject_c, "ID"));
    cr_expect(is_text(&facts, FACT_ID_cert_subject_o, "Pemerintah Kota Contoh (TEST)"));
    cr_expect(
        is_text(&facts, FACT_ID_cert_subject_ou, "Dinas Komunikasi dan Informatika"));
    cr_expect(
        is_text(&facts, FACT_ID_cert_subject_cn, "Segel Elektronik Kota Contoh (TEST)"));
    cr_expect(
        is_text(&facts, FACT_ID_cert_issuer, "CN=Issuing CA (TEST),O=Test Issuing,C=ID"));
    cr_expect(is_text(&facts, FACT_ID_cert_anchor, "CN=Root CA (TEST),O=Test Root,C=ID"));
    cr_expect(is_set(&facts, FACT_ID_cert_key_usage, usages, 2));
    cr_expect(is_set(&facts, FACT_ID_cert_policy_oids, policies, 1));
    cr_expect(is_set(&facts, FACT_ID_cert_eku, ekus, 4));
    cr_expect(is_bool(&facts, FACT_ID_cert_ca, false));
    cr_expect(is_bool(&facts, FACT_ID_cert_unknown_critical, false));
    cr_expect(is_bool(&facts, FACT_ID_cert_chain_ok, true));
    cr_expect_eq(facts.value[FACT_ID_cert_not_before].number,
                 now_us - INT64_C(86400) * 1000000);
    cr_expect_eq(cert_not_after_us(cert), facts.value[FACT_ID_cert_not_after].number);
    cr_expect_eq(cert_not_before_us(cert), facts.value[FACT_ID_cert_not_before].number);
    cr_expect_str_eq(cert_serial(cert), "0A1B2C");
    cert_free(cert);
}

Test(cert, rsa_key_tells_bits_and_exponent)
{
    struct maker_spec spec = maker_seal(&town_issuing);
    struct cert *cert = NULL;
    struct facts facts = town_facts(&spec, &cert);

    cr_expect(is_text(&facts, FACT_ID_key_type, "rsa"));
    cr_expect_eq(facts.value[FACT_ID_key_rsa_bits].number, 2048);
    cr_expect_eq(facts.value[FACT_ID_key_rsa_e].number, 65537);
    cr_expect_not(facts.value[FACT_ID_key_curve].present);
    cert_free(cert);
}

Test(cert, ec_key_tells_its_curve_by_the_name_of_nist)
{
    struct maker_spec spec = maker_seal(&town_issuing);
    struct cert *cert = NULL;

    spec.rsa_bits = 0;
    struct facts facts = town_facts(&spec, &cert);
    cr_expect(is_text(&facts, FACT_ID_key_type, "ec"));
    cr_expect(is_text(&facts, FACT_ID_key_curve, "P-256"));
    cr_expect_not(facts.value[FACT_ID_key_rsa_bits].present);
    cr_expect_not(facts.value[FACT_ID_key_rsa_e].present);
    cert_free(cert);
}

Test(cert, chain_holds_signer_and_issuers_without_the_anchor)
{
    struct maker_spec spec = maker_seal(&town_issuing);
    struct cert *cert = town_load(&spec, now_us);
    size_t count = 0;
    X509 *const *chain = cert_chain(cert, &count);

    cr_assert_eq(count, 2);
    cr_expect_eq(X509_cmp(chain[1], town_issuing.certificate), 0);
    cr_expect_gt(cert_spki(cert).len, 290);
    cert_free(cert);
}

Test(cert, issuers_may_stand_behind_the_signer_and_the_anchor_is_left_out)
{
    struct maker_spec spec = maker_seal(&town_issuing);
    struct made seal = maker_make(&spec);
    const struct made *own[] = {&seal, &town_issuing, &town_root};
    const struct made *anchors[] = {&town_root};
    char paths[2][32];
    struct cert *cert = NULL;
    struct facts facts = {0};
    size_t count = 0;

    maker_write(paths[0], own, 3);
    maker_write(paths[1], anchors, 1);
    const char *const files[] = {paths[0], NULL, paths[1]};
    cr_assert_eq(town_read(files, now_us, &cert, &why), SG_OK, "%s", why.text);
    cert_facts(cert, &facts);
    cr_expect(is_bool(&facts, FACT_ID_cert_chain_ok, true));
    (void)cert_chain(cert, &count);
    cr_expect_eq(count, 2);
    cert_free(cert);
    maker_free(&seal);
    (void)unlink(paths[0]);
    (void)unlink(paths[1]);
}

static void expect_chain(const struct maker_spec *spec, int64_t at_us, bool good)
{
    struct cert *cert = town_load(spec, at_us);
    struct facts facts = {0};

    cert_facts(cert, &facts);
    cr_expect(is_bool(&facts, FACT_ID_cert_chain_ok, good));
    cr_expect_eq(facts.value[FACT_ID_cert_anchor].present, good);
    cert_free(cert);
}

Test(cert, self_signed_seal_has_no_chain)
{
    struct maker_spec spec = maker_seal(NULL);

    expect_chain(&spec, now_us, false);
}

Test(cert, seal_of_another_authority_has_no_chain)
{
    struct maker_spec spec = maker_root();
    struct made other = maker_make(&spec);

    spec = maker_seal(&other);
    expect_chain(&spec, now_us, false);
    maker_free(&other);
}

Test(cert, chain_is_judged_at_the_time_given)
{
    const int64_t ten_years_us = INT64_C(10) * 365 * 86400 * 1000000;
    struct maker_spec spec = maker_seal(&town_issuing);

    spec.until_s = INT64_C(20) * 365 * 86400;
    expect_chain(&spec, now_us, true);
    expect_chain(&spec, now_us + ten_years_us, false);
    expect_chain(&spec, now_us - ten_years_us, false);
}

Test(cert, sha1_signature_breaks_the_chain)
{
    struct maker_spec spec = maker_seal(&town_issuing);

    spec.digest = "SHA1";
    expect_chain(&spec, now_us, false);
}

Test(cert, end_entity_cannot_issue)
{
    struct maker_spec spec = maker_seal(&town_issuing);
    struct made wrong = maker_make(&spec);
    struct made old = town_issuing;

    town_issuing = wrong;
    spec = maker_seal(&wrong);
    expect_chain(&spec, now_us, false);
    town_issuing = old;
    maker_free(&wrong);
}

Test(cert, ca_and_unknown_critical_extension_are_told)
{
    struct maker_spec spec = maker_seal(&town_issuing);
    struct cert *cert = NULL;

    spec.extensions[0].value = "critical,CA:TRUE";
    spec.extensions[5] = (struct maker_extension){-1, "x"};
    struct facts facts = town_facts(&spec, &cert);
    cr_expect(is_bool(&facts, FACT_ID_cert_ca, true));
    cr_expect(is_bool(&facts, FACT_ID_cert_unknown_critical, true));
    cert_free(cert);
}

Test(cert, missing_extensions_read_as_empty_sets)
{
    struct maker_spec spec = maker_seal(&town_issuing);
    struct cert *cert = NULL;

    (void)memset(spec.extensions, 0, sizeof(spec.extensions));
    struct facts facts = town_facts(&spec, &cert);
    cr_expect(is_set(&facts, FACT_ID_cert_key_usage, NULL, 0));
    cr_expect(is_set(&facts, FACT_ID_cert_eku, NULL, 0));
    cr_expect(is_set(&facts, FACT_ID_cert_policy_oids, NULL, 0));
    cr_expect(is_bool(&facts, FACT_ID_cert_ca, false));
    cert_free(cert);
}

Test(cert, name_part_that_is_there_twice_stays_absent)
{
    struct maker_spec spec = maker_seal(&town_issuing);
    struct cert *cert = NULL;

    spec.subject[4][0] = "O";
    spec.subject[4][1] = "Pemerintah Kota Lain";
    struct facts facts = town_facts(&spec, &cert);
    cr_expect_not(facts.value[FACT_ID_cert_subject_o].present);
    cr_expect(facts.value[FACT_ID_cert_subject_cn].present);
    cert_free(cert);
}

static void refused(const char *const files[3], enum sg_status status, const char *holds)
{
    struct cert *cert = NULL;

    why.text[0] = '\0';
    cr_expect_eq(town_read(files, now_us, &cert, &why), status);
    cr_expect_null(cert);
    cr_expect_not_null(strstr(why.text, holds), "%s", why.text);
}

Test(cert, each_bad_file_is_named)
{
    const struct made *anchors[] = {&town_root};
    char good[32];
    char text[32];
    char damaged[32];

    maker_write(good, anchors, 1);
    maker_write_text(text, "not a certificate\n");
    maker_write_text(damaged, "-----BEGIN CERTIFICATE-----\nAAAA\n"
                              "-----END CERTIFICATE-----\n");
    refused((const char *[]){"/nonexistent.pem", NULL, good}, SG_NOT_FOUND,
            "certificate /nonexistent.pem");
    refused((const char *[]){good, "/nonexistent.pem", good}, SG_NOT_FOUND,
            "certificate chain /nonexistent.pem");
    refused((const char *[]){good, NULL, "/nonexistent.pem"}, SG_NOT_FOUND,
            "trust anchors /nonexistent.pem");
    refused((const char *[]){text, NULL, good}, SG_INVALID, "BEGIN CERTIFICATE");
    refused((const char *[]){damaged, NULL, good}, SG_INVALID, "damaged");
    (void)unlink(good);
    (void)unlink(text);
    (void)unlink(damaged);
}

Test(cert, alt_names_are_uris_and_dns_names_only)
{
    struct maker_spec spec = maker_seal(&town_issuing);
    struct cert_names names;

    spec.extensions[5] = (struct maker_extension){
        NID_subject_alt_name, "URI:urn:segel:caller:e-office,DNS:app.example.go.id,"
                              "email:a@example.go.id,IP:10.0.0.1"};
    struct made caller = maker_make(&spec);
    cert_alt_names(caller.certificate, &names);
    cr_assert_eq(names.count, 2);
    cr_expect_str_eq(names.names[0], "URI:urn:segel:caller:e-office");
    cr_expect_str_eq(names.names[1], "DNS:app.example.go.id");
    cert_alt_names(town_root.certificate, &names);
    cr_expect_eq(names.count, 0);
    maker_free(&caller);
}

static void add_names(X509 *certificate, const char *const *uris, size_t count,
                      size_t first_len)
{
    GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();

    for (size_t i = 0; i < count; i++) {
        GENERAL_NAME *name = GENERAL_NAME_new();
        ASN1_IA5STRING *text = ASN1_IA5STRING_new();
        size_t len = i == 0 && first_len > 0 ? first_len : strlen(uris[i]);
        cr_assert_eq(ASN1_STRING_set(text, uris[i], (int)len), 1);
        GENERAL_NAME_set0_value(name, GEN_URI, text);
        cr_assert_gt(sk_GENERAL_NAME_push(names, name), 0);
    }
    cr_assert_eq(X509_add1_ext_i2d(certificate, NID_subject_alt_name, names, 0, 0), 1);
    GENERAL_NAMES_free(names);
}

/* "urn:a\0x" would read as "urn:a" in a terminated text. */
Test(cert, alt_name_with_a_nul_matches_nobody)
{
    static const char *const uris[] = {"urn:a\0x", "urn:b"};
    struct cert_names names;
    X509 *certificate = X509_new();

    add_names(certificate, uris, 2, 7);
    cert_alt_names(certificate, &names);
    cr_assert_eq(names.count, 1);
    cr_expect_str_eq(names.names[0], "URI:urn:b");
    X509_free(certificate);
}

Test(cert, alt_names_beyond_the_room_are_left_out)
{
    static char uri[1100];
    const char *uris[20];
    struct cert_names names;
    X509 *certificate = X509_new();

    (void)memset(uri, 'a', sizeof(uri) - 1);
    for (size_t i = 0; i < SG_COUNT(uris); i++) {
        uris[i] = i == 0 ? uri : "urn:short";
    }
    add_names(certificate, uris, SG_COUNT(uris), 0);
    cert_alt_names(certificate, &names);
    cr_assert_eq(names.count, SG_COUNT(names.names));
    cr_expect_str_eq(names.names[0], "URI:urn:short");
    X509_free(certificate);
}
