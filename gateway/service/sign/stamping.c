#include "gateway/service/sign/stamping.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509_vfy.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/service/door.h"
#include "gateway/service/inside.h"
#include "gateway/transport/issuers.h"

/* --- The start ------------------------------------------------------------------- */

/* Who reads it for what it is for has said by now whether it can be read. */
static void add_ends(const char *path, struct validity *out)
{
    X509_STORE *store = X509_STORE_new();

    if (store != NULL && X509_STORE_load_file(store, path) == 1) {
        issuers_validity(store, out);
    }
    X509_STORE_free(store);
    ERR_clear_error();
}

/* OpenSSL holds them to their dates as any other certificate of a chain. */
static void expect_anchors(const struct services *services)
{
    const struct config *config = services->options.config;
    struct validity validity;

    validity_init(&validity);
    if (services->tsa != NULL) {
        add_ends(config->tsa_anchors_file, &validity);
    }
    for (size_t i = 0; i < config->anchor_count; i++) {
        if (config->anchors[i].kind == ANCHOR_STAMP) {
            add_ends(config->anchors[i].chain, &validity);
        }
    }
    door_expect_ends(&validity, EXPIRY_TSA_ANCHOR, services->options.core);
}

enum sg_status stamping_start(struct services *services, struct sg_error *why)
{
    TRY(tsa_new(services->options.config, &services->tsa, why));
    expect_anchors(services);
    return services->tsa == NULL ? SG_OK : tsa_start(services->tsa, why);
}

/* --- One job --------------------------------------------------------------------- */

/* What nobody waits for any more is stamped when its id is asked again. */
static bool wants_stamp(const struct job *job)
{
    return job->status == SG_OK && sg_profile_stamped(job->profile) &&
           job->token == NULL && !job->downgraded && !job_given_up(job);
}

/* The policy of the judgement; of a stored answer that no key was there for, today's. */
static bool may_go_without(struct service_loop *loop, const struct job *job)
{
    struct core *core = loop->services->options.core;
    struct policy *now = job->policy == NULL ? core_take_policy(core) : NULL;
    const struct policy *policy = job->policy == NULL ? now : job->policy;
    struct slice profile = slice_str(sg_profile_name(job->profile));
    size_t count = 0;
    const struct slice *items = policy_list(policy, "timestamp_optional", &count);
    bool may = false;

    for (size_t i = 0; i < count; i++) {
        may = may || slice_equal(items[i], profile);
    }
    policy_free(now);
    return may;
}

/* --- From the loop to the authority ------------------------------------------------- */

static bool hash_signature(const struct job *job, enum sg_hash hash,
                           uint8_t out[SG_HASH_MAX])
{
    static const char *const names[] = {"", "SHA256", "SHA384", "SHA512"};
    size_t len = 0;

    return EVP_Q_digest(NULL, names[hash], NULL, job->signature, job->signature_len, out,
                        &len) == 1 &&
           len == sg_hash_len(hash);
}

static struct stamp *make_stamp(struct service_loop *loop, struct job *job)
{
    struct stamp *stamp = (struct stamp *)malloc(sizeof(*stamp));

    if (stamp == NULL) {
        return NULL;
    }
    memset(stamp, 0, offsetof(struct stamp, ask.token.der));
    stamp->ask.letter.kind = LETTER_STAMP;
    stamp->ask.reply = &loop->replies;
    stamp->job = job;
    stamp->caller = job->caller->name;
    stamp->recorded = false;
    memcpy(stamp->request_id, job->request_id, sizeof(stamp->request_id));
    return stamp;
}

static enum sg_status ask(struct service_loop *loop, struct stamp *stamp)
{
    struct tsa *tsa = loop->services->tsa;

    if (tsa == NULL) {
        return sg_fail(&stamp->ask.why, SG_TSA,
                       "no time stamp authority is configured any more (tsa.urls)");
    }
    stamp->ask.hash = tsa_hash(tsa);
    if (!hash_signature(stamp->job, stamp->ask.hash, stamp->ask.digest)) {
        return SG_NO_MEMORY;
    }
    enum sg_status status = tsa_ask(tsa, &stamp->ask);
    return status == SG_BUSY ? sg_fail(&stamp->ask.why, SG_TSA,
                                       "too many signatures wait for a time stamp "
                                       "(tsa.queue_limit)")
                             : status;
}

/* --- From the authority to the core ------------------------------------------------- */

static void answer_job(struct job *job, struct letters *jobs)
{
    STAILQ_INSERT_TAIL(jobs, &job->letter, link);
}

static void refuse(struct job *job, enum sg_status status, const char *why,
                   struct letters *jobs)
{
    job_refuse(
        job, status,
        "signed, but not stamped; the same id asked again gets this signature with "
        "its time stamp: %s",
        why[0] == '\0' ? sg_status_text(status) : why);
    answer_job(job, jobs);
}

static void to_core(struct service_loop *loop, struct stamp *stamp, struct letters *jobs)
{
    struct job *job = stamp->job;
    enum sg_status asked = stamp->ask.status;
    bool goes = asked == SG_OK || (asked == SG_TSA && may_go_without(loop, job));
    enum sg_status status =
        goes ? core_stamp(loop->services->options.core, stamp) : asked;

    if (goes && status == SG_OK) {
        return; /* the core has it */
    }
    refuse(job, status == SG_BUSY ? SG_TSA : status, goes ? "" : stamp->ask.why.text,
           jobs);
    free(stamp);
}

static void begin(struct service_loop *loop, struct job *job, struct letters *jobs)
{
    struct stamp *stamp = make_stamp(loop, job);

    if (stamp == NULL) {
        refuse(job, SG_NO_MEMORY, "", jobs);
        return;
    }
    enum sg_status status = ask(loop, stamp);
    if (status != SG_OK) { /* else it is no longer ours */
        stamp->ask.status = status;
        to_core(loop, stamp, jobs);
    }
}

void stamping_divert(struct service_loop *loop, struct letters *jobs)
{
    struct letters all = STAILQ_HEAD_INITIALIZER(all);
    struct letter *letter;

    STAILQ_CONCAT(&all, jobs);
    while ((letter = STAILQ_FIRST(&all)) != NULL) {
        struct job *job = (struct job *)letter;
        STAILQ_REMOVE_HEAD(&all, link);
        if (wants_stamp(job)) {
            begin(loop, job, jobs);
        } else {
            answer_job(job, jobs);
        }
    }
}

/* --- From the core to who asked ----------------------------------------------------- */

static void finish(struct stamp *stamp, struct letters *jobs)
{
    struct job *job = stamp->job;
    const struct tsa_token *token = &stamp->ask.token;

    if (stamp->status != SG_OK) {
        refuse(job, stamp->status, "", jobs);
        return;
    }
    job->downgraded = stamp->ask.status != SG_OK;
    if (!job->downgraded) {
        job_set_token(job, slice_of(token->der, token->len));
    }
    if (job->downgraded || job->token != NULL) {
        answer_job(job, jobs);
    } else {
        refuse(job, SG_NO_MEMORY, "", jobs);
    }
}

void stamping_take(struct service_loop *loop, struct letter *letter, struct letters *jobs)
{
    struct stamp *stamp = (struct stamp *)letter;

    if (stamp->job == NULL) {
        timestamp_answer(loop, stamp);
    } else if (!stamp->recorded) {
        to_core(loop, stamp, jobs);
    } else {
        finish(stamp, jobs);
        free(stamp);
    }
}

void stamping_drop(struct letter *letter, struct letters *jobs)
{
    struct stamp *stamp = (struct stamp *)letter;

    if (stamp->job != NULL) {
        answer_job(stamp->job, jobs);
    }
    free(stamp);
}
