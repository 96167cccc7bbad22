#include "tests/unit/policy/support/logging.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "gateway/policy/unknown.h"
#include "proto/json.h"
#include "tests/unit/policy/support/parse.h"

struct facts lawful_job(void)
{
    struct facts facts = {0};

    facts_text(&facts, FACT_ID_key_id, slice_str("seal-demo"));
    facts_number(&facts, FACT_ID_key_rsa_bits, 3072);
    facts_text(&facts, FACT_ID_job_approval_ref, slice_str("ND-1"));
    facts_text(&facts, FACT_ID_job_hash_alg, slice_str("sha256"));
    facts_number(&facts, FACT_ID_job_digest_len, 32);
    facts_bool(&facts, FACT_ID_job_notice, true);
    facts_text(&facts, FACT_ID_job_content_type, slice_str("application/pdf"));
    facts_number(&facts, FACT_ID_clock_now, INT64_C(1777680000000000));
    return facts;
}

struct slice record_slice(const struct record_text *record)
{
    return slice_of(record->text, record->len);
}

static void put_set(struct json_out *json, const char *name,
                    const struct fact_value *value)
{
    json_open_array(json, name);
    for (size_t i = 0; i < value->set_count; i++) {
        json_slice(json, NULL, value->set[i]);
    }
    json_end(json);
}

static void put_fact(struct json_out *json, enum fact fact,
                     const struct fact_value *value)
{
    const char *name = fact_name(fact);
    enum fact_type type = fact_type(fact);

    if (type == FACT_SET) {
        put_set(json, name, value);
    } else if (fact_type_is_text(type)) {
        json_slice(json, name, value->text);
    } else if (type == FACT_BOOL) {
        json_bool(json, name, value->number != 0);
    } else if (type == FACT_TIME) {
        json_time(json, name, value->number);
    } else {
        json_int(json, name, value->number);
    }
}

static void begin(struct json_out *json, struct record_text *out, uint64_t index,
                  const char *type)
{
    json_start(json, out->text, sizeof(out->text));
    json_open_object(json, NULL);
    json_uint(json, "v", 1);
    json_uint(json, "seq", index);
    json_time(json, "ts", 1777680000000000);
    json_str(json, "type", type);
}

static void finish(struct json_out *json, struct record_text *out)
{
    struct slice text = {0};

    json_end(json);
    cr_assert_eq(json_finish(json, &text), SG_OK);
    out->len = text.len;
}

void log_key(const struct policy *policy, const struct facts *facts,
             struct record_text *out)
{
    struct policy_key *bound = NULL;
    struct json_out json;

    cr_assert_eq(policy_bind(policy, facts, &bound), SG_OK);
    begin(&json, out, KEY_INDEX, "key.facts");
    json_str(&json, "subject", "seal-demo");
    json_sha256(&json, "policy_rev", policy_info(policy)->sha256);
    json_open_object(&json, "facts");
    for (size_t i = 0; i < FACT_COUNT; i++) {
        const struct fact_value *value = &policy_key_facts(bound)->value[i];
        if (value->present) {
            put_fact(&json, (enum fact)i, value);
        }
    }
    json_end(&json);
    finish(&json, out);
    policy_key_free(bound);
}

/* The members that are facts. Hash and length stand in the digest. */
static const struct {
    enum fact fact;
    const char *member;
} fields[] = {
    {FACT_ID_job_id, "job"},
    {FACT_ID_job_profile, "profile"},
    {FACT_ID_job_doc_class, "doc_class"},
    {FACT_ID_job_alg, "alg"},
    {FACT_ID_job_approval_ref, "approval_ref"},
    {FACT_ID_job_batch, "batch"},
    {FACT_ID_caller_name, "caller"},
    {FACT_ID_caller_cert_fp, "caller_cert"},
    {FACT_ID_job_hash_alg, NULL},
    {FACT_ID_job_digest_len, NULL},
};

static bool is_field(enum fact fact)
{
    for (size_t i = 0; i < SG_COUNT(fields); i++) {
        if (fields[i].fact == fact) {
            return true;
        }
    }
    return false;
}

static void put_job(struct json_out *json, const struct facts *facts)
{
    static const uint8_t digest[32] = {1};

    for (size_t i = 0; i < SG_COUNT(fields); i++) {
        if (fields[i].member != NULL && facts->value[fields[i].fact].present) {
            json_slice(json, fields[i].member, facts->value[fields[i].fact].text);
        }
    }
    json_str(json, "key", "seal-demo");
    if (facts->value[FACT_ID_job_hash_alg].present) {
        json_sha256(json, "digest", digest);
    }
}

static void put_facts(struct json_out *json, const struct policy *policy,
                      const struct facts *facts)
{
    bool reads[FACT_COUNT] = {false};

    policy_reads(policy, reads);
    reads[FACT_ID_clock_now] = true;
    json_open_object(json, "facts");
    for (size_t i = 0; i < FACT_COUNT; i++) {
        if (reads[i] && facts->value[i].present && !is_field((enum fact)i) &&
            fact_phase((enum fact)i) != FACT_PHASE_KEY) {
            put_fact(json, (enum fact)i, &facts->value[i]);
        }
    }
    json_end(json);
    json_uint(json, "bound", KEY_INDEX);
}

static void put_failures(struct json_out *json, const struct policy *policy,
                         const struct verdict *verdict)
{
    json_open_array(json, "fail");
    for (size_t i = 0; i < verdict->failure_count && i < VERDICT_FAILURES; i++) {
        const struct rule_info *rule = policy_rule(policy, verdict->failures[i]);
        json_open_object(json, NULL);
        json_str(json, "rule", rule->id);
        json_str(json, "code", rule->code);
        json_end(json);
    }
    if (verdict->failure_count == 0) {
        json_open_object(json, NULL);
        json_str(json, "code", LOGGED_DEFAULT_DENY);
        json_end(json);
    }
    json_end(json);
    if (verdict->failure_count > VERDICT_FAILURES) {
        json_uint(json, "fail_more", verdict->failure_count - VERDICT_FAILURES);
    }
}

static void put_rules(struct json_out *json, const struct policy *policy,
                      const struct verdict *verdict)
{
    json_open_object(json, "rules");
    json_uint(json, "pass", verdict->passed);
    for (size_t i = 0; i < REMARKS; i++) {
        const struct rule_set *set = &verdict->remarks[i];
        json_open_array(json, remark_list((enum remark)i));
        for (size_t rule = verdict->allow ? rule_set_next(set, 0) : POLICY_RULES_MAX;
             rule < POLICY_RULES_MAX; rule = rule_set_next(set, rule + 1)) {
            json_str(json, NULL, policy_rule(policy, rule)->id);
        }
        json_end(json);
    }
    json_end(json);
}

/* With what follows from others, as the gateway judges. */
static struct facts whole(const struct policy *policy, const struct facts *facts)
{
    struct facts all = *facts;

    facts_derive(&all);
    policy_clock_facts(policy, &all);
    return all;
}

void log_decision(const struct policy *policy, const struct facts *facts,
                  struct record_text *out)
{
    struct facts all = whole(policy, facts);
    struct verdict verdict = judge(policy, &all);
    struct json_out json;

    begin(&json, out, DECISION_INDEX, verdict.allow ? "intent" : "deny");
    put_job(&json, &all);
    json_sha256(&json, "policy_rev", policy_info(policy)->sha256);
    json_str(&json, "decision", verdict.allow ? "allow" : "deny");
    if (!verdict.allow) {
        put_failures(&json, policy, &verdict);
    }
    put_rules(&json, policy, &verdict);
    put_facts(&json, policy, &all);
    finish(&json, out);
}

enum replay_kind replayed_records(const struct replay_setting *setting, struct slice key,
                                  struct slice decision, struct replay *out)
{
    struct replay_policies policies = {&setting->known, setting->known == NULL ? 0 : 1};
    struct replay_key *made = NULL;
    struct logged logged;
    struct replay mine;
    struct replay *replay = out == NULL ? &mine : out;
    struct sg_error why = {0};

    cr_assert_eq(replay_key_make(setting->after, KEY_INDEX, key, &made, &why), SG_OK,
                 "%s", why.text);
    cr_assert_eq(logged_read(DECISION_INDEX, decision, &logged, &why), SG_OK, "%s\n%.*s",
                 why.text, (int)decision.len, (const char *)decision.data);
    cr_assert_eq(replay_judge(made, &logged, &policies, replay, &why), SG_OK, "%s",
                 why.text);
    replay_key_free(made);
    logged_fini(&logged);
    return replay->kind;
}

enum replay_kind replayed_record(const struct replay_setting *setting,
                                 const struct facts *facts, struct slice decision,
                                 struct replay *out)
{
    struct record_text key;

    log_key(setting->before, facts, &key);
    return replayed_records(setting, record_slice(&key), decision, out);
}

enum replay_kind replayed(const struct replay_setting *setting, const struct facts *facts,
                          struct replay *out)
{
    struct record_text decision;

    log_decision(setting->before, facts, &decision);
    return replayed_record(setting, facts, record_slice(&decision), out);
}

void record_edit(struct record_text *record, const char *find, const char *put)
{
    char text[LOGGED_RECORD_MAX];
    char *at = NULL;

    record->text[record->len] = '\0';
    at = strstr(record->text, find);
    cr_assert_not_null(at, "%s has no %s", record->text, find);
    *at = '\0';
    record->len = (size_t)snprintf(text, sizeof(text), "%s%s%s", record->text, put,
                                   at + strlen(find));
    memcpy(record->text, text, record->len);
}
