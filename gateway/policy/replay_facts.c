#include "gateway/policy/replay_inside.h"

/* Another file says them in its own words, and the same file says the same again. */
const enum fact replay_own_facts[REPLAY_OWN_FACTS] = {
    FACT_ID_agreement_from, FACT_ID_agreement_until, FACT_ID_policy_effective,
    FACT_ID_policy_review_by, FACT_ID_policy_profile};

void replay_forget(struct facts *facts, const enum fact *some, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        facts->value[some[i]] = (struct fact_value){0};
    }
}

/* The day of the calendar follows from clock.now by the zone and the holidays of the
 * policy that judges. */
static void merge(const struct replay_key *key, const struct logged *decision,
                  struct facts *facts)
{
    static const enum fact calendar[] = {
        FACT_ID_clock_weekday, FACT_ID_clock_minute_of_day, FACT_ID_clock_holiday};

    *facts = *policy_key_facts(key->bound);
    for (size_t i = 0; i < FACT_COUNT; i++) {
        if (fact_phase((enum fact)i) != FACT_PHASE_KEY) {
            facts->value[i] = decision->facts.value[i];
        }
    }
    replay_forget(facts, calendar, SG_COUNT(calendar));
    facts_derive(facts);
    policy_clock_facts(key->policy, facts);
}

static bool is_among(enum fact fact, const enum fact *some, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (some[i] == fact) {
            return true;
        }
    }
    return false;
}

/* Those that facts_derive makes of KEY facts and fields, and of the time where that is
 * known: absent only because one of these is. */
static bool follows(enum fact fact, const struct facts *facts)
{
    bool of_time = fact == FACT_ID_cert_remaining_s || fact == FACT_ID_cert_in_period;

    return fact == FACT_ID_key_class_allowed ||
           (of_time && facts->value[FACT_ID_clock_now].present);
}

/* Whether the record would say it if it had been there. */
static bool is_told(const struct replay_key *key, enum fact fact,
                    const struct facts *facts)
{
    if (fact_phase(fact) == FACT_PHASE_KEY) {
        return !key->cut || is_among(fact, replay_own_facts, REPLAY_OWN_FACTS);
    }
    return policy_is_field(fact) || (!key->cut && follows(fact, facts));
}

static void note_unknown(const struct replay_key *key, const struct policy *then,
                         const struct facts *facts, struct unknown *unknown)
{
    bool read_then[FACT_COUNT] = {false};

    if (then != NULL) {
        policy_reads(then, read_then);
    }
    for (size_t i = 0; i < FACT_COUNT; i++) {
        enum fact fact = (enum fact)i;
        bool known = is_told(key, fact, facts) ||
                     (read_then[i] && fact_phase(fact) != FACT_PHASE_KEY);
        unknown->fact[i] = key->reads[i] && !facts->value[i].present && !known;
    }
}

/* What is of a day in the zone of the policy of that time: another zone has other days.
 */
static void forget_days(const struct replay_key *key, const struct policy *then,
                        struct facts *facts, struct unknown *unknown)
{
    static const enum fact days[] = {FACT_ID_counter_caller_day, FACT_ID_counter_key_day,
                                     FACT_ID_key_start_date, FACT_ID_key_end_date};

    if (then != NULL && then->zone_minutes == key->policy->zone_minutes) {
        return;
    }
    for (size_t i = 0; i < SG_COUNT(days); i++) {
        if (facts->value[days[i]].present) {
            unknown->fact[days[i]] = key->reads[days[i]];
        }
    }
    replay_forget(facts, days, SG_COUNT(days));
}

void replay_gather(const struct replay_key *key, const struct logged *decision,
                   const struct policy *then, struct facts *facts,
                   struct unknown *unknown)
{
    merge(key, decision, facts);
    note_unknown(key, decision->cut ? NULL : then, facts, unknown);
    forget_days(key, then, facts, unknown);
}
