#include "gateway/core/turn/ban.h"

#include <stdio.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/core/core_inside.h"
#include "gateway/policy/general.h"

/* A lock-down denies before any rule, and is told of by itself. */
static void gather(const struct core *core, struct facts *facts)
{
    *facts = (struct facts){0};
    state_general_facts(core, facts);
    facts_number(facts, FACT_ID_clock_now, clock_wall_us());
    facts_bool(facts, FACT_ID_global_lockdown, false);
}

static void describe(const struct rule_info *rule, const struct rule_why *why,
                     struct ban *out)
{
    (void)snprintf(out->rule, sizeof(out->rule), "%s", rule->id);
    (void)snprintf(out->why, sizeof(out->why),
                   "rule %.64s denies every job (%.64s): %.32s is %s, required: %s",
                   rule->id, rule->code, why->fact,
                   why->found[0] == '\0' ? "not known" : why->found, why->required);
}

bool ban_look(struct core *core)
{
    struct ban now = {.rule = ""};
    struct rule_why why = {.fact = ""};
    struct facts facts;

    gather(core, &facts);
    size_t rule = policy_denies_all(core->policy, &facts, &why);
    if (rule < policy_rule_count(core->policy)) {
        describe(policy_rule(core->policy, rule), &why, &now);
    }
    bool news = strcmp(core->ban.rule, now.rule) != 0;
    core->ban = now;
    if (news && now.rule[0] != '\0') {
        log_event(LOG_ERROR, "denial.all", "why", now.why, NULL);
    } else if (news) {
        log_event(LOG_INFO, "denial.over", "why", "jobs are judged one by one again",
                  NULL);
    }
    return news;
}
