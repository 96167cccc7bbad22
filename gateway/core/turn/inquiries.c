#include "gateway/core/core_inside.h"
#include "gateway/core/key/binding.h"
#include "gateway/core/turn/grounds.h"
#include "gateway/core/turn/inquiry.h"
#include "gateway/core/turn/stamp.h"
#include "gateway/core/turn/stop.h"

/* Who asked about which key and kind of document, and what came of it. The reference to a
 * consent, the digest, the batch and the id are of no use to whoever reads the log here,
 * and might say something about a person. */
static struct record_job record_of(const struct job *job)
{
    return (struct record_job){
        .caller = job->caller->name,
        .caller_cert = job->caller_uid == JOB_REMOTE ? job->caller_cert : NULL,
        .caller_uid = job->caller_uid,
        .key = job->key->config->name,
        .profile = job->profile,
        .document_class = job->document_class,
        .policy_rev = policy_info(job->policy)->sha256,
    };
}

/* The names of the rules are enough: what they found is in the answer. */
static void names_only(struct record_failure *failures, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        failures[i].found = NULL;
        failures[i].required = NULL;
    }
}

static enum sg_status write(struct core *core, struct job *job)
{
    struct record_failure failures[VERDICT_FAILURES];
    char buffer[LEDGER_RECORD_MAX];
    struct record_head head;
    struct slice text = {0};

    struct record_decision decision = grounds_of(job, failures);
    const struct record_failure *stop = stop_of(core, job->key);
    if (stop != NULL) { /* as in judge_new */
        failures[0] = *stop;
        decision = (struct record_decision){
            .failures = failures, .failure_count = 1, .by_gateway = true};
    } else if (job->verdict.allow && core->state.mandate.fault != MANDATE_FAULT_NONE) {
        failures[0] = *mandate_failure(core->state.mandate.fault);
        decision = (struct record_decision){
            .failures = failures, .failure_count = 1, .by_gateway = true};
    }
    names_only(failures, decision.failure_count);
    const struct record_job fields = record_of(job);
    record_begin(core, &head);
    TRY(record_explain(buffer, &head, &fields, &decision, &text));
    return decide_append(core, job, text);
}

/* What the policy asks of state is answered here, like in judge_new: into inquiry->facts,
 * from which every rule is explained. */
static enum sg_status judge(struct core *core, struct inquiry *inquiry)
{
    struct job *job = &inquiry->job;

    job->caller_index = (size_t)(job->caller - core->options.config->callers);
    TRY(state_look_at_mandate(core, job));
    state_judge(core, job, "first");
    state_add_facts(core, job, inquiry->facts);
    if (job->verdict.allow && !job->binding->usable) {
        grounds_unusable(job);
    }
    if (job->verdict.allow && core->state.mandate.fault != MANDATE_FAULT_NONE) {
        mandate_refuse(&core->state.mandate, job);
    }
    if (stop_of(core, job->key) != NULL) {
        stop_refuse(core, job);
    }
    return write(core, job);
}

enum sg_status inquiries_write(struct core *core)
{
    struct letter *letter;

    while ((letter = STAILQ_FIRST(&core->inquiries)) != NULL) {
        STAILQ_REMOVE_HEAD(&core->inquiries, link);
        STAILQ_INSERT_TAIL(&core->told, letter, link);
        TRY(letter->kind == LETTER_STAMP ? stamps_write(core, (struct stamp *)letter)
                                         : judge(core, (struct inquiry *)letter));
    }
    return SG_OK;
}

static void answer_one(struct job *job, bool broken)
{
    struct letters one = STAILQ_HEAD_INITIALIZER(one);

    if (broken) {
        job->on_log = false;
        job_refuse(job, SG_LEDGER,
                   "the ledger cannot be written, so no question is answered; tell the "
                   "gateway's administrator");
    }
    STAILQ_INSERT_TAIL(&one, &job->letter, link);
    MUST(mbox_put(job->reply, &one, 1) == SG_OK);
}

/* Nothing was written: everybody is told. */
static void take_unwritten(struct core *core, bool broken)
{
    if (!broken) {
        return;
    }
    STAILQ_CONCAT(&core->told, &core->inquiries);
}

void inquiries_answer(struct core *core)
{
    bool broken = atomic_load(&core->broken);
    struct letter *letter;

    take_unwritten(core, broken);
    while ((letter = STAILQ_FIRST(&core->told)) != NULL) {
        STAILQ_REMOVE_HEAD(&core->told, link);
        if (letter->kind == LETTER_STAMP) {
            stamps_answer((struct stamp *)letter, broken);
        } else {
            answer_one((struct job *)letter, broken);
        }
    }
}

enum sg_status core_inquire(struct core *core, struct inquiry *inquiry)
{
    struct letters one = STAILQ_HEAD_INITIALIZER(one);

    if (atomic_load_explicit(&core->broken, memory_order_relaxed)) {
        return SG_LEDGER;
    }
    inquiry->job.letter.kind = LETTER_INQUIRY;
    STAILQ_INSERT_TAIL(&one, &inquiry->job.letter, link);
    return mbox_put(&core->mailbox, &one, 1);
}
