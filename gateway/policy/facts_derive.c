#include "gateway/policy/facts.h"

/* A derived fact is set only when all that it follows from is known: otherwise it stays
 * absent, and a rule that asks for it errs and denies. */

static bool known(const struct facts *facts, enum fact a, enum fact b)
{
    return facts->value[a].present && facts->value[b].present;
}

static bool is_in(const struct facts *facts, enum fact text, enum fact set)
{
    const struct fact_value *among = &facts->value[set];

    for (size_t i = 0; i < among->set_count; i++) {
        if (slice_equal(among->set[i], facts->value[text].text)) {
            return true;
        }
    }
    return false;
}

static bool wanted(const struct facts *facts, enum fact fact)
{
    return !facts->value[fact].present;
}

static void derive_caller(struct facts *facts)
{
    if (wanted(facts, FACT_ID_caller_entitled) &&
        known(facts, FACT_ID_key_id, FACT_ID_caller_keys)) {
        facts_bool(facts, FACT_ID_caller_entitled,
                   is_in(facts, FACT_ID_key_id, FACT_ID_caller_keys));
    }
}

/* A key without a list of allowed classes may sign any that is not prohibited. */
static void derive_class(struct facts *facts)
{
    const struct fact_value *allowed = &facts->value[FACT_ID_key_allowed_classes];

    if (wanted(facts, FACT_ID_key_class_allowed) &&
        known(facts, FACT_ID_key_allowed_classes, FACT_ID_key_prohibited_classes) &&
        facts->value[FACT_ID_job_doc_class].present) {
        bool listed = allowed->set_count == 0 ||
                      is_in(facts, FACT_ID_job_doc_class, FACT_ID_key_allowed_classes);
        bool prohibited =
            is_in(facts, FACT_ID_job_doc_class, FACT_ID_key_prohibited_classes);
        facts_bool(facts, FACT_ID_key_class_allowed, listed && !prohibited);
    }
}

static void derive_period(struct facts *facts)
{
    enum { US_PER_S = 1000000 };
    int64_t now = facts->value[FACT_ID_clock_now].number;
    int64_t from = facts->value[FACT_ID_cert_not_before].number;
    int64_t until = facts->value[FACT_ID_cert_not_after].number;

    if (!known(facts, FACT_ID_clock_now, FACT_ID_cert_not_after)) {
        return;
    }
    if (wanted(facts, FACT_ID_cert_remaining_s)) {
        /* Divided first: the difference of two times might not fit. */
        facts_number(facts, FACT_ID_cert_remaining_s, until / US_PER_S - now / US_PER_S);
    }
    if (wanted(facts, FACT_ID_cert_in_period) &&
        facts->value[FACT_ID_cert_not_before].present) {
        facts_bool(facts, FACT_ID_cert_in_period, from <= now && now < until);
    }
}

void facts_derive(struct facts *facts)
{
    derive_caller(facts);
    derive_class(facts);
    derive_period(facts);
}
