#include <string.h>

#include "gateway/core/key/binding.h"
#include "gateway/core/officers/overrides.h"
#include "gateway/core/turn/denial.h"
#include "gateway/core/turn/nik.h"
#include "gateway/core/turn/withhold.h"
#include "gateway/policy/policy.h"
#include "gateway/service/inside.h"

/* An empty text is an absent fact: "approval_ref is present" must not hold for "". */
static void text_fact(struct facts *facts, enum fact fact, const char *text)
{
    if (text[0] != '\0') {
        facts_text(facts, fact, slice_str(text));
    }
}

/* PAdES and CAdES jobs ask for the key as what it is; the contract has no other word yet.
 */
static void job_facts(const struct terms *terms, const struct job *job,
                      const struct slice *label_names, struct facts *facts)
{
    text_fact(facts, FACT_ID_job_id, job->request_id);
    text_fact(facts, FACT_ID_job_class, job->key->config->class);
    text_fact(facts, FACT_ID_job_profile, sg_profile_name(job->profile));
    text_fact(facts, FACT_ID_job_doc_class, job->document_class);
    text_fact(facts, FACT_ID_job_content_type, terms->content_type);
    text_fact(facts, FACT_ID_job_alg, job->key->algorithms[job->scheme][job->hash]);
    text_fact(facts, FACT_ID_job_hash_alg, sg_hash_name(job->hash));
    facts_number(facts, FACT_ID_job_digest_len, (int64_t)sg_hash_len(job->hash));
    text_fact(facts, FACT_ID_job_approval_ref, job->approval_ref);
    text_fact(facts, FACT_ID_job_batch, job->batch);
    facts_bool(facts, FACT_ID_job_notice, terms->notice);
    facts_set(facts, FACT_ID_job_meta_keys, label_names, terms->label_count);
    facts_bool(facts, FACT_ID_job_meta_pii, terms->pii);
}

static void caller_facts(const struct caller *caller, struct facts *facts)
{
    static const struct slice mtls[] = {{(const uint8_t *)"mtls", 4}};
    static const struct slice local[] = {{(const uint8_t *)"local", 5}};
    bool remote = caller->uid == JOB_REMOTE;

    facts_text(facts, FACT_ID_caller_name, slice_str(caller->config->name));
    if (remote) {
        facts_text(facts, FACT_ID_caller_cert_fp, slice_str(caller->fingerprint_text));
    }
    facts_set(facts, FACT_ID_caller_keys, caller->keys, caller->rights->keys.count);
    facts_set(facts, FACT_ID_caller_roles, caller->roles, caller->role_count);
    if (caller->network != NULL) {
        facts_text(facts, FACT_ID_caller_network, slice_str(caller->network));
    }
    facts_set(facts, FACT_ID_caller_auth, remote ? mtls : local, 1);
}

/* A policy may forget the rule; the configuration says all the same who may use a key. */
static void refuse_stranger(const struct caller *caller, struct job *job)
{
    job->verdict.allow = false;
    job->refuser = REFUSER_ENTITLEMENT;
    job_refuse(job, SG_DENIED, "caller '%s' is not entitled to key '%s'",
               caller->config->name, job->key->config->name);
}

/* What the policy would let through but the gateway does not serve. */
static void refuse_unserved(struct job *job)
{
    const char *key = job->key->config->name;

    job->verdict.allow = false;
    job->refuser = REFUSER_SERVICE;
    if (job->scheme != job->key->config->scheme) {
        job_refuse(job, SG_INVALID,
                   "key '%s' signs with %s only; leave signature_algorithm "
                   "unspecified",
                   key, sg_scheme_name(job->key->config->scheme));
    } else {
        job_refuse(job, SG_UNSUPPORTED, "this gateway does not serve the profile %s",
                   sg_profile_name(job->profile));
    }
}

/* Looked at before the verdict: a change in between makes the verdict too old. */
static void certificate_status(struct job *job, struct facts *facts)
{
    job->status_generation = status_look(&job->key->holder->status, &job->certificate);
    status_facts(&job->certificate, job->signing_time_us, facts);
}

/* The core writes them into the record as they are. */
static void keep_facts(const struct policy *policy, const struct facts *facts,
                       struct job *job)
{
    const struct fact_members kept = facts_members(
        facts, policy_recorded(policy, FACT_PHASE_JOB), job->facts, sizeof(job->facts));

    /* The text begins behind the brace that nobody needs. */
    memmove(job->facts, kept.text.data, kept.text.len);
    job->facts_len = (uint16_t)kept.text.len;
    job->facts_cut = kept.cut;
}

/* A policy that lets it pass says that it is none. What the core refuses later is masked
 * there. */
static void withhold(const struct terms *terms, struct judged *judged)
{
    struct masked *masked = &judged->masked;

    memcpy(masked->content_type, terms->content_type, sizeof(masked->content_type));
    memcpy(masked->label_names, terms->label_names, sizeof(masked->label_names));
    nik_mask(masked->content_type);
    for (size_t i = 0; i < terms->label_count; i++) {
        nik_mask(masked->label_names[i]);
        judged->label_names[i] = slice_str(masked->label_names[i]);
    }
    text_fact(&judged->facts, FACT_ID_job_content_type, masked->content_type);
    facts_set(&judged->facts, FACT_ID_job_meta_keys, judged->label_names,
              terms->label_count);
}

void judge_job(const struct caller *caller, const struct terms *terms, struct job *job)
{
    /* Facts are copied into it, the rest is written where it is used. */
    struct judged judged __attribute__((uninitialized));

    judge_keep(caller, terms, job, &judged);
}

void judge_keep(const struct caller *caller, const struct terms *terms, struct job *job,
                struct judged *out)
{
    struct facts *facts = &out->facts;

    job->judged = true;
    job->pii = terms->pii;
    job->binding = key_take_binding(job->key);
    if (job->binding == NULL) { /* nothing is known of the key: the core answers it */
        job->verdict.allow = false;
        return;
    }
    const struct policy *policy = job->binding->policy;

    job->policy = policy;
    *facts = *policy_key_facts(job->binding->facts);
    for (size_t i = 0; i < terms->label_count; i++) {
        out->label_names[i] = slice_str(terms->label_names[i]);
    }
    job_facts(terms, job, out->label_names, facts);
    caller_facts(caller, facts);
    facts_number(facts, FACT_ID_clock_now, job->signing_time_us);
    certificate_status(job, facts);
    facts_derive(facts);
    policy_clock_facts(policy, facts);
    policy_judge_early(policy, job->binding->facts, facts, &job->verdict);
    overrides_offer(terms->overrides, facts, job);
    job->refuser = REFUSER_POLICY;
    job->english = terms->english;
    if (!job->verdict.allow) {
        denial_explain(job, facts);
        denial_word(job);
    } else if (!caller_entitled(caller, job->key->config->name)) {
        refuse_stranger(caller, job);
    } else if (job->template == NULL || job->scheme != job->key->config->scheme) {
        refuse_unserved(job);
    }
    if (terms->pii && (!job->verdict.allow || job->lift_count > 0)) {
        withhold(terms, out);
        withhold_job(job);
    }
    keep_facts(policy, facts, job);
}

void judge_again(const struct caller *caller, const struct terms *terms, struct job *job)
{
    job_forget_verdict(job);
    terms_texts(terms, job); /* it may have been refused for personal data before */
    judge_job(caller, terms, job);
}
