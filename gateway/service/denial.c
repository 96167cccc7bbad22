#include <string.h>

#include "gateway/service/inside.h"
#include "segel/v1/errors.pb-c.h"

/* --- PolicyDenial ---------------------------------------------------------------- */

Segel__V1__RuleVerdict *denial_verdict(struct arena *arena, const struct rule_info *rule,
                                       const struct rule_why *why, bool english)
{
    Segel__V1__RuleVerdict *out =
        (Segel__V1__RuleVerdict *)arena_alloc(arena, sizeof(*out));

    if (out != NULL) {
        segel__v1__rule_verdict__init(out);
        out->rule = pb_text(rule->id);
        out->cp_section = pb_text(rule->cp_section);
        out->code = pb_text(rule->code);
        out->result = (Segel__V1__RuleResult)why->result;
        out->fact = pb_text(why->fact);
        out->found = pb_text(why->found);
        out->required = pb_text(why->required);
        out->message = pb_text(english ? rule->message_en : rule->message_id);
    }
    return out;
}

Segel__V1__PolicyDenial *denial_message(struct arena *arena, const struct job *job,
                                        bool english)
{
    const struct policy_info *policy = policy_info(job->policy);
    size_t count = job->denial->count;
    Segel__V1__PolicyDenial *out =
        (Segel__V1__PolicyDenial *)arena_alloc(arena, sizeof(*out));
    Segel__V1__RuleVerdict **failures =
        (Segel__V1__RuleVerdict **)arena_alloc(arena, count * sizeof(void *));

    if (out == NULL || failures == NULL) {
        return NULL;
    }
    segel__v1__policy_denial__init(out);
    for (size_t i = 0; i < count; i++) {
        const struct rule_info *rule =
            policy_rule(job->policy, job->denial->failures[i].rule);
        failures[i] = denial_verdict(arena, rule, &job->denial->failures[i].why, english);
        if (failures[i] == NULL) {
            return NULL;
        }
    }
    out->n_failures = count;
    out->failures = failures;
    out->more = job->verdict.failure_count - (uint32_t)count;
    out->policy_id = pb_text(policy->id);
    out->policy_sha256 = pb_bytes(slice_of(policy->sha256, sizeof(policy->sha256)));
    return out;
}

/* --- google.rpc.Status ----------------------------------------------------------- */

/* A message as google.protobuf.Any. */
static bool wrap(struct arena *arena, const char *type, const ProtobufCMessage *message,
                 Segel__V1__Detail *out)
{
    size_t len = protobuf_c_message_get_packed_size(message);
    uint8_t *bytes = (uint8_t *)arena_alloc(arena, len);

    segel__v1__detail__init(out);
    out->type_url = pb_text(type);
    out->value.data = bytes;
    out->value.len = bytes == NULL ? 0 : protobuf_c_message_pack(message, bytes);
    return bytes != NULL;
}

enum { PAIRS_MAX = 6 };

struct pairs {
    Segel__V1__ErrorInfo__MetadataEntry entries[PAIRS_MAX];
    Segel__V1__ErrorInfo__MetadataEntry *pointers[PAIRS_MAX];
    size_t count;
};

static void add_pair(struct pairs *pairs, const char *key, const char *value)
{
    Segel__V1__ErrorInfo__MetadataEntry *entry = &pairs->entries[pairs->count];

    if (value != NULL && value[0] != '\0') {
        segel__v1__error_info__metadata_entry__init(entry);
        entry->key = pb_text(key);
        entry->value = pb_text(value);
        pairs->pointers[pairs->count++] = entry;
    }
}

static bool by_rules(const struct job *job)
{
    return job->denial != NULL && job->denial->count > 0;
}

static bool add_error_info(struct arena *arena, const struct job *job,
                           Segel__V1__Detail *out)
{
    struct pairs pairs = {.count = 0};
    Segel__V1__ErrorInfo info;

    segel__v1__error_info__init(&info);
    info.domain = pb_text("segel");
    info.reason = pb_text(job->load.retry_us > 0 ? refusal_name(job->load.why)
                                                 : sg_status_name(job->status));
    if (by_rules(job)) {
        const struct rule_why *why = &job->denial->failures[0].why;
        const struct rule_info *rule =
            policy_rule(job->policy, job->denial->failures[0].rule);
        info.reason = pb_text(rule->code);
        add_pair(&pairs, "rule", rule->id);
        add_pair(&pairs, "cp_section", rule->cp_section);
        add_pair(&pairs, "fact", why->fact);
        add_pair(&pairs, "found", why->found);
        add_pair(&pairs, "required", why->required);
    }
    if (job->reason != NULL) { /* the gateway's own, whatever the policy said */
        info.reason = pb_text(job->reason);
    }
    add_pair(&pairs, "decision_id", job->decision_id);
    info.n_metadata = pairs.count;
    info.metadata = pairs.pointers;
    return wrap(arena, "type.googleapis.com/google.rpc.ErrorInfo", &info.base, out);
}

/* A rule that says QUOTA refuses again until its fact changes: only of a count of the day
 * is it known when. */
int64_t retry_after_us(const struct job *job)
{
    if (job->retry_us > 0 || job->status != SG_BUSY || by_rules(job)) {
        return job->retry_us;
    }
    return job->load.retry_us > 0 ? job->load.retry_us : RETRY_AFTER_US;
}

static bool add_retry(struct arena *arena, const struct job *job, Segel__V1__Detail *out)
{
    enum { SECOND_US = 1000000 };
    Segel__V1__RetryInfo retry;
    Segel__V1__Span delay;

    segel__v1__retry_info__init(&retry);
    segel__v1__span__init(&delay);
    delay.seconds = retry_after_us(job) / SECOND_US;
    delay.nanos = (int32_t)(retry_after_us(job) % SECOND_US) * 1000;
    retry.retry_delay = &delay;
    return wrap(arena, "type.googleapis.com/google.rpc.RetryInfo", &retry.base, out);
}

struct slice denial_details(struct arena *arena, const struct job *job, bool english)
{
    Segel__V1__Detail details[3];
    Segel__V1__Detail *pointers[3] = {&details[0], &details[1], &details[2]};
    Segel__V1__Status status;
    size_t count = 0;

    segel__v1__status__init(&status);
    if (!add_error_info(arena, job, &details[count++])) {
        return slice_of(NULL, 0);
    }
    if (by_rules(job)) {
        Segel__V1__PolicyDenial *denial = denial_message(arena, job, english);
        if (denial == NULL || !wrap(arena, "type.googleapis.com/segel.v1.PolicyDenial",
                                    &denial->base, &details[count++])) {
            return slice_of(NULL, 0);
        }
    }
    if (retry_after_us(job) > 0 && !add_retry(arena, job, &details[count++])) {
        return slice_of(NULL, 0);
    }
    status.code = sg_status_grpc(job->status);
    status.message = pb_text(job->why);
    status.n_details = count;
    status.details = pointers;
    size_t len = protobuf_c_message_get_packed_size(&status.base);
    uint8_t *bytes = (uint8_t *)arena_alloc(arena, len);
    return bytes == NULL ? slice_of(NULL, 0)
                         : slice_of(bytes, protobuf_c_message_pack(&status.base, bytes));
}
