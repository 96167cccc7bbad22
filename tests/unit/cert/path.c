#include <criterion/criterion.h>
#include <unistd.h>

#include "gateway/cert/cert.h"
#include "tests/unit/cert/support/town.h"

/* The chain of a certificate at other times than that of its loading. */

static const int64_t now_us = MAKER_NOW_S * 1000000;

static struct made root;
static struct made issuing;
static struct sg_error why;

static void make_authorities(void)
{
    struct maker_spec spec = maker_root();

    root = maker_make(&spec);
    spec = maker_issuing(&root);
    issuing = maker_make(&spec);
}

static void free_authorities(void)
{
    maker_free(&issuing);
    maker_free(&root);
}

TestSuite(cert_path, .init = make_authorities, .fini = free_authorities);

/* beside: one more anchor; NULL: the root alone. */
static struct cert *load_under(const struct maker_spec *spec, int64_t at_us,
                               const struct made *beside)
{
    struct made seal = maker_make(spec);
    const struct made *const all[] = {&seal, &issuing, &root, beside};
    char paths[3][32];
    struct cert *cert = NULL;

    for (size_t i = 0; i < SG_COUNT(paths); i++) {
        maker_write(paths[i], &all[i], i == 2 && beside != NULL ? 2 : 1);
    }
    const char *const files[] = {paths[0], paths[1], paths[2]};
    cr_assert_eq(town_read(files, at_us, &cert, &why), SG_OK, "%s", why.text);
    for (size_t i = 0; i < SG_COUNT(paths); i++) {
        (void)unlink(paths[i]);
    }
    maker_free(&seal);
    return cert;
}

static struct cert *load(const struct maker_spec *spec, int64_t at_us)
{
    return load_under(spec, at_us, NULL);
}

static bool is_bool(const struct facts *facts, enum fact fact, bool wanted)
{
    return facts->value[fact].present && (facts->value[fact].number != 0) == wanted;
}

/* What OPERATIONS.md advises for a key whose chain lies in the ledger: its issuer's next
 * certificate, of the same key, beside the root. */
Test(cert_path, a_renewed_issuer_among_the_anchors_takes_the_place_of_one_that_ended)
{
    struct maker_spec spec = maker_issuing(&root);
    struct cert_path path;

    spec.from_s = -3600;
    spec.until_s = -60;
    maker_free(&issuing);
    issuing = maker_make(&spec);
    struct made renewed = {.certificate = X509_dup(issuing.certificate)};
    cr_assert_neq(
        ASN1_TIME_set(X509_getm_notAfter(renewed.certificate), MAKER_NOW_S + 3600), NULL);
    cr_assert_gt(X509_sign(renewed.certificate, root.key, EVP_sha256()), 0);
    spec = maker_seal(&issuing);

    struct cert *cert = load(&spec, now_us);
    cr_assert_eq(cert_judge_path(cert, now_us, &path), SG_OK);
    cr_expect_not(path.good, "by the issuer that ended");
    cert_free(cert);
    cert = load_under(&spec, now_us, &renewed);
    cr_assert_eq(cert_judge_path(cert, now_us, &path), SG_OK);
    cr_expect(path.good, "%s", path.why);
    cert_free(cert);
    maker_free(&renewed);
}

/* Until the seal ends, by an issuing CA with another validity than the root. */
Test(cert_path, a_path_is_judged_again_from_bound_to_bound)
{
    enum { HOUR_S = 3600 };
    const int64_t hour_us = INT64_C(3600) * 1000000;
    struct maker_spec spec = maker_issuing(&root);
    struct cert_path path;

    spec.from_s = -HOUR_S;
    spec.until_s = HOUR_S;
    maker_free(&issuing);
    issuing = maker_make(&spec);
    spec = maker_seal(&issuing);
    struct cert *cert = load(&spec, now_us);

    cr_assert_eq(cert_judge_path(cert, now_us, &path), SG_OK);
    cr_expect(path.good);
    cr_expect_eq(path.from_us, now_us - hour_us);
    cr_expect_eq(path.until_us, now_us + hour_us);
    cr_expect_eq(path.first_end_us, now_us + hour_us, "the issuer's");
    cr_expect(cert_path_holds(&path, now_us + hour_us - 1));
    cr_expect_not(cert_path_holds(&path, now_us + hour_us));
    cr_expect(cert_path_holds(&path, now_us - hour_us));
    cr_expect_not(cert_path_holds(&path, now_us - hour_us - 1));

    cr_assert_eq(cert_judge_path(cert, now_us + hour_us - 1, &path), SG_OK);
    cr_expect(path.good, "the last second counts");
    cr_assert_eq(cert_judge_path(cert, now_us + hour_us, &path), SG_OK);
    cr_expect_not(path.good, "the end does not");
    cr_expect_eq(path.from_us, now_us + hour_us);
    cr_expect_eq(path.first_end_us, now_us + hour_us,
                 "it is over, and still the chain's");
    cr_assert_eq(cert_judge_path(cert, now_us - hour_us, &path), SG_OK);
    cr_expect(path.good, "the begin counts");
    cr_assert_eq(cert_judge_path(cert, now_us - hour_us - 1, &path), SG_OK);
    cr_expect_not(path.good);
    cert_free(cert);
}

Test(cert_path, an_anchor_of_others_is_no_part_of_the_chain)
{
    enum { HOUR_S = 3600 };
    struct maker_spec spec = maker_root();
    char paths[3][32];
    struct cert *cert = NULL;
    struct cert_path path;

    spec.until_s = HOUR_S;
    spec.subject[0][1] = "MY";
    struct made other = maker_make(&spec);
    spec = maker_seal(&issuing);
    struct made seal = maker_make(&spec);
    const struct made *const anchors[] = {&other, &root};
    const struct made *const all[] = {&seal, &issuing};
    maker_write(paths[0], &all[0], 1);
    maker_write(paths[1], &all[1], 1);
    maker_write(paths[2], anchors, 2);
    const char *const files[] = {paths[0], paths[1], paths[2]};
    cr_assert_eq(town_read(files, now_us, &cert, &why), SG_OK, "%s", why.text);
    cr_assert_eq(cert_judge_path(cert, now_us, &path), SG_OK);
    cr_expect_eq(path.until_us, now_us + (int64_t)HOUR_S * 1000000, "judged again then");
    cr_expect_eq(path.first_end_us, cert_not_after_us(cert), "the seal's");
    for (size_t i = 0; i < SG_COUNT(paths); i++) {
        (void)unlink(paths[i]);
    }
    maker_free(&seal);
    maker_free(&other);
    cert_free(cert);
}

Test(cert_path, a_path_takes_the_place_of_what_was_true_at_the_start)
{
    const int64_t ten_years_us = INT64_C(10) * 365 * 86400 * 1000000;
    struct maker_spec spec = maker_seal(&issuing);
    struct cert *cert = load(&spec, now_us);
    struct facts facts = {0};
    struct cert_path path;

    cert_facts(cert, &facts);
    cr_expect(is_bool(&facts, FACT_ID_cert_chain_ok, true));
    cr_assert_eq(cert_judge_path(cert, now_us + ten_years_us, &path), SG_OK);
    cert_path_facts(&path, &facts);
    cr_expect(is_bool(&facts, FACT_ID_cert_chain_ok, false));
    cr_expect_not(facts.value[FACT_ID_cert_anchor].present);
    cr_assert_eq(cert_judge_path(cert, now_us, &path), SG_OK);
    cert_path_facts(&path, &facts);
    cr_expect(is_bool(&facts, FACT_ID_cert_chain_ok, true));
    cr_expect(facts.value[FACT_ID_cert_anchor].present);
    cert_free(cert);
}
