#include "gateway/policy/general.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "tests/unit/policy/support/parse.h"

/* Which rules deny every job, whatever it says: between 2026-01-01 and 2027-01-01 of the
 * head none of its own. */
enum { TEXT = 2048 };
#define IN_TIME INT64_C(1777680000000000) /* 2026-05-02 */
#define OVERDUE INT64_C(1800000000000000) /* 2027-01-15 */

static struct facts now;

static void set_up(void)
{
    now = (struct facts){0};
    facts_number(&now, FACT_ID_clock_now, IN_TIME);
    facts_bool(&now, FACT_ID_clock_stepped, false);
    facts_bool(&now, FACT_ID_log_writable, true);
    facts_number(&now, FACT_ID_log_free_bytes, 100);
}

TestSuite(general, .init = set_up);

/* The first rule of the text that does; "" = none. */
static const char *denier(const char *rules, struct rule_why *why)
{
    static char id[65];
    struct policy *policy = lawful(rules);
    size_t rule = policy_denies_all(policy, &now, why);
    bool found = rule < policy_rule_count(policy);

    (void)snprintf(id, sizeof(id), "%s", found ? policy_rule(policy, rule)->id : "");
    policy_free(policy);
    return id;
}

/* One rule, R, with this level, mode and conditions. */
static bool denies(const char *line)
{
    char text[TEXT];
    struct rule_why why;

    (void)snprintf(text, sizeof(text),
                   "rules:\n  - {id: R, cp: \"1\", deny: NO, level: %s}\n", line);
    return denier(text, &why)[0] != '\0';
}

#define ROOM "require: {log.free_bytes: {ge: 101}}"

Test(general, a_demand_on_the_disk_that_is_unmet_denies_all_and_says_what_it_found)
{
    struct rule_why why;

    cr_expect_str_eq(denier("rules:\n"
                            "  - {id: A, cp: \"1\", deny: NO, level: hard, require: "
                            "{log.free_bytes: {ge: 100}}}\n"
                            "  - {id: B, cp: \"1\", deny: NO, level: hard, " ROOM "}\n",
                            &why),
                     "B");
    cr_expect_str_eq(why.fact, "log.free_bytes");
    cr_expect_str_eq(why.found, "100");
    cr_expect_str_eq(why.required, ">= 101");
}

Test(general, a_review_that_is_overdue_denies_all)
{
    static const char rule[] =
        "hard, require: {clock.now: {between: [policy.effective, policy.review_by]}}";

    cr_expect_not(denies(rule));
    facts_number(&now, FACT_ID_clock_now, OVERDUE);
    cr_expect(denies(rule));
}

Test(general, a_fact_that_is_not_known_denies_all)
{
    cr_expect(denies("soft, require: {clock.offset_ms: {le: 1000}}"));
    cr_expect_not(denies("soft, require: {clock.offset_ms: {exists: false}}"));
    cr_expect(denies("soft, when: {clock.offset_ms: {le: 1}, job.notice: true}, "
                     "require: {job.notice: false}"),
              "an error in when is an error whatever the job says");
}

Test(general, what_is_asked_of_some_jobs_denies_not_all)
{
    cr_expect_not(denies("hard, when: {job.notice: true}, " ROOM));
    cr_expect_not(denies("hard, when: {policy.profile: production}, " ROOM));
    cr_expect(denies("hard, when: {policy.profile: test}, " ROOM));
    cr_expect_not(denies("hard, require: {job.notice: true}"));
    cr_expect_not(denies("hard, require: {clock.now: {le: cert.not_after}}"));
    cr_expect(denies("hard, require: {job.notice: true, log.free_bytes: {ge: 101}}"));
}

Test(general, only_enforced_rules_count)
{
    cr_expect_not(denies("advisory, " ROOM));
    cr_expect_not(denies("hard, mode: shadow, " ROOM));
    cr_expect_not(denies("hard, mode: \"off\", " ROOM));
}

Test(general, a_rest_by_the_calendar_is_none)
{
    cr_expect_not(denies("hard, require: {clock.weekday: {in: [mon]}}"));
}

Test(general, an_exception_that_is_in_force_lets_some_through)
{
    static const char rules[] =
        "rules:\n  - {id: R, cp: \"1\", deny: NO, level: soft, " ROOM "}\n"
        "exceptions:\n"
        "  - {rule: R, match: {job.batch: {exists: true}}, until: 2026-12-01, "
        "approved_by: [G-1], reason: r}\n";
    struct rule_why why;

    cr_expect_str_eq(denier(rules, &why), "");
    facts_number(&now, FACT_ID_clock_now, OVERDUE);
    cr_expect_str_eq(denier(rules, &why), "R");
}
