#include <criterion/criterion.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include "gateway/cert/cert.h"
#include "tests/unit/cert/support/maker.h"

/* How long the certificate lets its private key be used. */

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

TestSuite(cert_period, .init = make_authorities, .fini = free_authorities);

/* Loads a seal made by spec, with the lawful chain and anchor. */
static struct cert *load(const struct maker_spec *spec, int64_t at_us)
{
    struct made seal = maker_make(spec);
    const struct made *own[] = {&seal};
    const struct made *chain[] = {&issuing};
    const struct made *anchors[] = {&root};
    char paths[3][32];
    struct cert *cert = NULL;

    maker_write(paths[0], own, 1);
    maker_write(paths[1], chain, 1);
    maker_write(paths[2], anchors, 1);
    struct cert_files files = {paths[0], paths[1], paths[2]};
    cr_assert_eq(cert_load(&files, at_us, &cert, &why), SG_OK, "%s", why.text);
    for (size_t i = 0; i < SG_COUNT(paths); i++) {
        (void)unlink(paths[i]);
    }
    maker_free(&seal);
    return cert;
}

static struct facts facts_of(const struct maker_spec *spec, struct cert **cert)
{
    struct facts facts = {0};

    *cert = load(spec, now_us);
    cert_facts(*cert, &facts);
    cert_key_facts(*cert, &facts);
    return facts;
}

/* PrivateKeyUsagePeriod in DER: 2026-02-01T00:00:00Z, 2027-02-01T00:00:00Z. */
#define PERIOD_FROM  "800F32303236303230313030303030305A"
#define PERIOD_UNTIL "810F32303237303230313030303030305A"

static const struct {
    const char *value;
    int64_t from_s; /* -1 = absent */
    int64_t until_s;
} periods[] = {
    {"DER:3022" PERIOD_FROM PERIOD_UNTIL, INT64_C(1769904000), INT64_C(1801440000)},
    {"DER:3011" PERIOD_UNTIL, -1, INT64_C(1801440000)},
    {"DER:3011" PERIOD_FROM, INT64_C(1769904000), -1},
    {"DER:0500", -1, 0}, /* cannot be read: counts as over */
};

static bool is_second(const struct facts *facts, enum fact fact, int64_t second)
{
    const struct fact_value *value = &facts->value[fact];

    return second < 0 ? !value->present
                      : value->present && value->number == second * 1000000;
}

Test(cert_period, period_of_use_of_the_private_key)
{
    for (size_t i = 0; i < SG_COUNT(periods); i++) {
        struct maker_spec spec = maker_seal(&issuing);
        struct cert *cert = NULL;
        spec.extensions[5] =
            (struct maker_extension){NID_private_key_usage_period, periods[i].value};
        struct facts facts = facts_of(&spec, &cert);
        cr_expect(is_second(&facts, FACT_ID_cert_pkup_from, periods[i].from_s), "row %zu",
                  i);
        cr_expect(is_second(&facts, FACT_ID_cert_pkup_until, periods[i].until_s),
                  "row %zu", i);
        cert_free(cert);
    }
}

Test(cert_period, without_a_period_of_use_there_is_no_fact)
{
    struct maker_spec spec = maker_seal(&issuing);
    struct cert *cert = NULL;
    struct facts facts = facts_of(&spec, &cert);

    cr_expect_not(facts.value[FACT_ID_cert_pkup_from].present);
    cr_expect_not(facts.value[FACT_ID_cert_pkup_until].present);
    cert_free(cert);
}
