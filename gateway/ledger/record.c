#include "gateway/ledger/record.h"

#include <string.h>

#include "gateway/ledger/ledger.h"
#include "gateway/ledger/record_stamp.h"
#include "proto/json.h"
#include "proto/text.h"
#include "proto/tlog/merkle.h"

static void start(struct json_out *out, char *buffer, const struct record_head *head,
                  const char *type)
{
    json_start(out, buffer, LEDGER_RECORD_MAX);
    json_open_object(out, NULL);
    json_uint(out, "v", 1);
    json_uint(out, "seq", head->seq);
    json_time(out, "ts", head->ts_us);
    json_str(out, "node", head->node);
    json_str(out, "type", type);
}

static void put_text(struct json_out *out, const char *name, const char *text)
{
    if (text != NULL && text[0] != '\0') {
        json_str(out, name, text);
    }
}

static void put_sha256(struct json_out *out, const char *name, const uint8_t *hash)
{
    if (hash != NULL) {
        json_sha256(out, name, hash);
    }
}

/* "sha384:" and hexadecimal. */
static void put_digest(struct json_out *out, const char *name, enum sg_hash hash,
                       struct slice digest)
{
    const char *algorithm = sg_hash_name(hash);
    char text[16 + 2 * SG_HASH_MAX + 1];

    if (digest.len == 0 || digest.len > SG_HASH_MAX) {
        return; /* there is no such digest; preflight refuses it before */
    }
    MUST(algorithm != NULL);
    char *end = stpncpy(text, algorithm, 15);
    *end++ = ':';
    text_hex(digest, end);
    json_str(out, name, text);
}

static void put_job(struct json_out *out, const struct record_job *job)
{
    put_text(out, "decision_id", job->decision_id);
    put_text(out, "caller", job->caller);
    put_sha256(out, "caller_cert", job->caller_cert);
    if (job->caller_cert == NULL) {
        json_uint(out, "caller_uid", (uint64_t)job->caller_uid);
    }
    put_text(out, "job", job->request_id);
    if (job->attempt > 0) {
        json_uint(out, "attempt", job->attempt);
    }
    put_text(out, "batch", job->batch);
    put_text(out, "trace_id", job->trace_id);
    put_text(out, "key", job->key);
    put_text(out, "cert_serial", job->cert_serial);
    put_sha256(out, "cert_spki", job->cert_spki);
    put_text(out, "assurance", job->assurance);
    if (job->profile != SG_PROFILE_NONE) {
        json_str(out, "profile", sg_profile_name(job->profile));
    }
    put_text(out, "doc_class", job->document_class);
    put_text(out, "alg", job->algorithm);
    put_digest(out, "digest", job->hash, job->digest);
    put_digest(out, "tbs", job->hash, job->to_be_signed);
    put_text(out, "approval_ref", job->approval_ref);
    put_text(out, "mandate", job->mandate);
    put_sha256(out, "policy_rev", job->policy_rev);
}

static size_t at_most(size_t count, size_t limit)
{
    return count < limit ? count : limit;
}

static void put_lifts(struct json_out *out, const struct record_decision *decision)
{
    if (decision->lift_count == 0) {
        return;
    }
    json_open_array(out, "lifted");
    for (size_t i = 0; i < decision->lift_count; i++) {
        json_open_object(out, NULL);
        json_str(out, "rule", decision->lifts[i].rule);
        json_str(out, "override", decision->lifts[i].override);
        json_end(out);
    }
    json_end(out);
}

static void put_remarks(struct json_out *out, enum remark remark,
                        const struct record_decision *decision, size_t limit)
{
    const struct record_rules *rules = &decision->remarks[remark];
    size_t listed = at_most(rules->count, limit);

    if (listed > 0 || (remark == REMARK_EXCEPTED && decision->remarked)) {
        json_open_array(out, remark_list(remark));
        for (size_t i = 0; i < listed; i++) {
            json_str(out, NULL, rules->ids[i]);
        }
        json_end(out);
    }
    if (listed < rules->count) {
        json_uint(out, remark_more(remark), rules->count - listed);
    }
}

static void put_rules(struct json_out *out, const struct record_decision *decision,
                      size_t limit)
{
    json_open_object(out, "rules");
    json_uint(out, "pass", decision->passed);
    for (size_t i = 0; i < REMARKS; i++) {
        put_remarks(out, (enum remark)i, decision, limit);
    }
    put_lifts(out, decision);
    json_end(out);
}

static void put_failures(struct json_out *out, const struct record_decision *decision,
                         size_t limit)
{
    size_t failures = at_most(decision->failure_count, limit);
    size_t more = decision->failure_count - failures + decision->failure_more;

    json_open_array(out, "fail");
    for (size_t i = 0; i < failures; i++) {
        const struct record_failure *failure = &decision->failures[i];
        json_open_object(out, NULL);
        put_text(out, "rule", failure->rule);
        put_text(out, "cp", failure->cp_section);
        put_text(out, "code", failure->code);
        put_text(out, "got", failure->found);
        put_text(out, "want", failure->required);
        json_end(out);
    }
    json_end(out);
    if (more > 0) {
        json_uint(out, "fail_more", more);
    }
}

static void put_status(struct json_out *out, const struct record_status *status)
{
    char number[2 * RECORD_NUMBER_MAX + 1];

    if (status->kind == RECORD_STATUS_NONE) {
        return;
    }
    json_open_object(out, "status");
    json_open_object(out, status->kind == RECORD_STATUS_CRL ? "crl" : "ocsp");
    if (status->kind == RECORD_STATUS_CRL) {
        MUST(status->number.len <= RECORD_NUMBER_MAX);
        text_hex(status->number, number);
        json_str(out, "number", number);
    }
    json_time(out, "this", status->this_update_us);
    json_end(out);
    json_end(out);
}

static void put_facts(struct json_out *out, const struct record_facts *facts)
{
    if (!facts->known) {
        return;
    }
    json_open_object(out, "facts");
    json_members(out, facts->job);
    json_members(out, facts->state);
    json_end(out);
    if (facts->cut) {
        json_bool(out, "facts_cut", true);
    }
    json_uint(out, "bound", facts->bound);
    put_status(out, &facts->status);
}

/* One decision with at most limit rules in each of its lists. */
struct judged {
    const char *type;
    const struct record_job *job;
    const struct record_decision *decision;
    bool allowed;
    size_t limit;
};

static enum sg_status write_judged(char *buffer, const struct record_head *head,
                                   const struct judged *judged, struct slice *out)
{
    struct json_out json;

    start(&json, buffer, head, judged->type);
    put_job(&json, judged->job);
    json_str(&json, "decision", judged->allowed ? "allow" : "deny");
    if (judged->decision->by_gateway) {
        json_str(&json, "by", "gateway");
    }
    if (!judged->allowed) {
        put_failures(&json, judged->decision, judged->limit);
    }
    put_rules(&json, judged->decision, judged->limit);
    put_facts(&json, &judged->decision->facts);
    json_end(&json);
    return json_finish(&json, out);
}

static enum sg_status shorten_to(char *buffer, const struct record_head *head,
                                 struct judged *judged, size_t least, struct slice *out)
{
    enum { LONG_LIST = 32 };
    enum sg_status written = write_judged(buffer, head, judged, out);

    while (written == SG_TOO_LARGE && judged->limit > least) {
        judged->limit = judged->limit > LONG_LIST ? LONG_LIST : judged->limit / 2;
        written = write_judged(buffer, head, judged, out);
    }
    return written;
}

/* A decision must be recordable however many rules it met: when the record would be too
 * large, the lists are shortened and say how many were left out. The facts go only after
 * that: the list can be made again from them. */
static enum sg_status shorten_until_fits(char *buffer, const struct record_head *head,
                                         struct judged judged, struct slice *out)
{
    enum { SHORT_LIST = 4 };
    struct record_decision bare = *judged.decision;

    judged.limit = SIZE_MAX;
    if (shorten_to(buffer, head, &judged, SHORT_LIST, out) == SG_OK) {
        return SG_OK;
    }
    bare.facts.cut = true;
    bare.facts.job = slice_of(NULL, 0);
    bare.facts.state = slice_of(NULL, 0);
    judged.decision = &bare;
    return shorten_to(buffer, head, &judged, 0, out);
}

enum sg_status record_intent(char *buffer, const struct record_head *head,
                             const struct record_job *job,
                             const struct record_decision *decision, struct slice *out)
{
    struct judged judged = {
        .type = "intent", .job = job, .decision = decision, .allowed = true};

    return shorten_until_fits(buffer, head, judged, out);
}

enum sg_status record_deny(char *buffer, const struct record_head *head,
                           const struct record_job *job,
                           const struct record_decision *decision, struct slice *out)
{
    struct judged judged = {.type = "deny", .job = job, .decision = decision};

    return shorten_until_fits(buffer, head, judged, out);
}

enum sg_status record_explain(char *buffer, const struct record_head *head,
                              const struct record_job *job,
                              const struct record_decision *decision, struct slice *out)
{
    struct judged judged = {.type = "explain",
                            .job = job,
                            .decision = decision,
                            .allowed = decision->failure_count == 0};

    return shorten_until_fits(buffer, head, judged, out);
}

enum sg_status record_key_facts(char *buffer, const struct record_head *head,
                                const struct record_key *key, struct slice *out)
{
    struct json_out json;

    start(&json, buffer, head, "key.facts");
    put_text(&json, "subject", key->name);
    put_sha256(&json, "policy_rev", key->policy_rev);
    json_open_object(&json, "facts");
    json_members(&json, key->facts);
    json_end(&json);
    if (key->cut) {
        json_bool(&json, "facts_cut", true);
    }
    json_end(&json);
    return json_finish(&json, out);
}

enum sg_status record_outcome(char *buffer, const struct record_head *head,
                              const struct record_result *result, struct slice *out)
{
    struct json_out json;

    start(&json, buffer, head, "outcome");
    put_text(&json, "decision_id", result->decision_id);
    put_text(&json, "caller", result->caller);
    put_text(&json, "job", result->request_id);
    put_text(&json, "key", result->key);
    put_digest(&json, "digest", result->hash, result->digest);
    json_uint(&json, "intent", result->intent_index);
    json_uint(&json, "attempt", result->attempt);
    json_str(&json, "outcome", result->outcome);
    put_text(&json, "code", result->code);
    if (result->signature.len > 0) {
        struct tlog_hash hash = tlog_sha256(result->signature);
        json_sha256(&json, "sig", hash.bytes);
    }
    put_text(&json, "lane", result->lane);
    json_uint(&json, "lat_us", result->latency_us);
    json_end(&json);
    return json_finish(&json, out);
}

enum sg_status record_replay(char *buffer, const struct record_head *head,
                             const struct record_again *again, struct slice *out)
{
    struct json_out json;

    start(&json, buffer, head, "replay");
    put_text(&json, "decision_id", again->decision_id);
    json_uint(&json, "outcome", again->outcome_index);
    if (again->expired) {
        put_text(&json, "answer", "expired");
    }
    json_end(&json);
    return json_finish(&json, out);
}

static void put_token(struct json_out *json, const struct record_stamp *stamp)
{
    struct tlog_hash hash = tlog_sha256(stamp->token);

    json_sha256(json, "token", hash.bytes);
    put_text(json, "serial", stamp->serial);
    json_time(json, "time", stamp->time_us);
    put_text(json, "tsa", stamp->authority);
}

enum sg_status record_timestamp(char *buffer, const struct record_head *head,
                                const struct record_stamp *stamp, struct slice *out)
{
    struct json_out json;

    start(&json, buffer, head, stamp->why == NULL ? "timestamp" : "timestamp.downgrade");
    put_text(&json, "decision_id", stamp->decision_id);
    put_text(&json, "caller", stamp->caller);
    put_text(&json, "job", stamp->request_id);
    if (stamp->decision_id != NULL) {
        json_uint(&json, "outcome", stamp->outcome_index);
    }
    put_digest(&json, "digest", stamp->hash, stamp->digest);
    if (stamp->why == NULL) {
        put_token(&json, stamp);
    } else {
        put_text(&json, "why", stamp->why);
    }
    json_end(&json);
    return json_finish(&json, out);
}

/* NOLINTNEXTLINE(readability-function-size): pairs and count are one thing */
enum sg_status record_event(char *buffer, const struct record_head *head,
                            const char *type, const char *const *pairs, size_t count,
                            struct slice *out)
{
    struct json_out json;

    start(&json, buffer, head, type);
    for (size_t i = 0; i < count; i++) {
        json_str(&json, pairs[2 * i], pairs[2 * i + 1]);
    }
    json_end(&json);
    return json_finish(&json, out);
}
