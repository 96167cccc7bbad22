#include <criterion/criterion.h>
#include <openssl/x509v3.h>

#include "tests/unit/cert/support/town.h"

/* How long the certificate lets its private key be used. */

TestSuite(cert_period, .init = town_found, .fini = town_leave);

/* PrivateKeyUsagePeriod in DER: 2026-02-01T00:00:00Z, 2027-02-01T00:00:00Z. */
#define PERIOD_FROM  "800F32303236303230313030303030305A"
#define PERIOD_UNTIL "810F32303237303230313030303030305A"
/* 2027-02-30, a day that is none. */
#define NO_FROM  "800F32303237303233303030303030305A"
#define NO_UNTIL "810F32303237303233303030303030305A"

static const struct {
    const char *value;
    int64_t from_s; /* -1 = absent */
    int64_t until_s;
} periods[] = {
    {"DER:3022" PERIOD_FROM PERIOD_UNTIL, INT64_C(1769904000), INT64_C(1801440000)},
    {"DER:3011" PERIOD_UNTIL, -1, INT64_C(1801440000)},
    {"DER:3011" PERIOD_FROM, INT64_C(1769904000), -1},
    {"DER:0500", -1, 0}, /* cannot be read: counts as over */
    {"DER:3011" NO_UNTIL, -1, 0},
    {"DER:3011" NO_FROM, -1, 0},
    {"DER:3022" NO_FROM PERIOD_UNTIL, -1, 0},
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
        struct maker_spec spec = maker_seal(&town_issuing);
        struct cert *cert = NULL;
        spec.extensions[5] =
            (struct maker_extension){NID_private_key_usage_period, periods[i].value};
        struct facts facts = town_facts(&spec, &cert);
        cr_expect(is_second(&facts, FACT_ID_cert_pkup_from, periods[i].from_s), "row %zu",
                  i);
        cr_expect(is_second(&facts, FACT_ID_cert_pkup_until, periods[i].until_s),
                  "row %zu", i);
        cert_free(cert);
    }
}

Test(cert_period, without_a_period_of_use_there_is_no_fact)
{
    struct maker_spec spec = maker_seal(&town_issuing);
    struct cert *cert = NULL;
    struct facts facts = town_facts(&spec, &cert);

    cr_expect_not(facts.value[FACT_ID_cert_pkup_from].present);
    cr_expect_not(facts.value[FACT_ID_cert_pkup_until].present);
    cert_free(cert);
}
