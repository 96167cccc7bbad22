#include <criterion/criterion.h>

#include "tests/unit/report/support/log.h"

/* What is counted of each letter that was signed. */
TestSuite(documents, .init = begin, .fini = end);

Test(documents, one_document_signed_twice_is_one_document)
{
    job("2026-05-01T00:00:00Z", "signed");
    job("2026-06-01T00:00:00Z", "signed");
    const struct report *report = finished();
    cr_expect_eq(report->all.fates[FATE_SIGNED], 2);
    cr_expect_eq(report->documents.count, 1);
}

/* A job that was signed; rest: what its INTENT says beside its type. */
static void signed_job(const char *rest)
{
    uint64_t intent = add("2026-05-01T00:00:00Z", "\"type\":\"intent\",%s", rest);

    (void)add("2026-05-01T00:00:00Z",
              "\"type\":\"outcome\",\"intent\":%llu,\"outcome\":\"signed\"",
              (unsigned long long)intent);
}

Test(documents, a_digest_in_capitals_is_the_same_digest)
{
    signed_job("\"digest\":\"sha256:9f86d081884c7d659a2feaa0c55ad015"
               "a3bf4f1b2b0b822cd15d6c15b0f00a08\"");
    signed_job("\"digest\":\"sha256:9F86D081884C7D659A2FEAA0C55AD015"
               "A3BF4F1B2B0B822CD15D6C15B0F00A08\"");
    signed_job("\"digest\":\"sha256:AB\"");
    signed_job("\"digest\":\"sha256:ab\"");
    cr_expect_eq(finished()->documents.count, 3, "what is no digest is as it is written");
}

Test(documents, a_notice_and_a_rule_in_shadow_count_where_they_are_members)
{
    static const char *const rest[] = {
        "\"rules\" : {\"shadow_fail\" : [\"R\"]}, \"facts\" : {\"job.notice\" : true}",
        "\"facts\":{\"job\\u002enotice\":true},\"rules\":{\"\\u0073hadow_fail\":[\"R\"]}",
        "\"x\":{\"job.notice\":true},\"y\":{\"shadow_fail\":[\"R\"]}"};

    for (size_t i = 0; i < SG_COUNT(rest); i++) {
        signed_job(rest[i]);
    }
    const struct report *report = finished();
    cr_expect_eq(report->systems.rows[0].count[SYSTEM_NOTICE], 2);
    cr_expect_eq(report->shadows.rows[0].count[RULE_SHADOW], 2);
}
