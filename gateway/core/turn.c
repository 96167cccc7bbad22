#include <stdio.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/core/core_inside.h"

/* How long jobs wait for a lane that is being replaced before they are refused. */
enum { LANE_PATIENCE_US = 1000000 };

/* --- In -------------------------------------------------------------------------- */

void turn_collect(struct core *core)
{
    struct letters mail = STAILQ_HEAD_INITIALIZER(mail);
    struct letter *letter;

    mbox_take(&core->mailbox, &mail);
    while ((letter = STAILQ_FIRST(&mail)) != NULL) {
        struct job *job = (struct job *)letter;
        STAILQ_REMOVE_HEAD(&mail, link);
        STAILQ_INSERT_TAIL(&core->berths[job->key->lane].waiting, job, queue);
        core->waiting_count++;
    }
}

void turn_on_done(void *context, void *owner, const struct lane_result *result)
{
    struct core *core = (struct core *)context;

    if (owner == core) {
        checkpoint_done(core, result);
        return;
    }
    struct job *job = (struct job *)owner;
    job->status = result->status;
    if (result->status == SG_OK &&
        !cms_signature_fits(job->template, result->signature)) {
        job_refuse(job, SG_HSM, "the HSM's signature has a wrong length");
    } else if (result->status == SG_OK) {
        job->signature_len = result->signature.len;
        memcpy(job->signature, result->signature.data, result->signature.len);
    } else {
        (void)snprintf(job->why, sizeof(job->why), "%s", result->why);
    }
    STAILQ_INSERT_TAIL(&core->finished, job, queue);
    core->finished_count++;
}

/* --- Decide ---------------------------------------------------------------------- */

static bool lane_gone(const struct berth *berth, int64_t now_us)
{
    return lane_state(berth->lane) == LANE_LATCHED ||
           (berth->down_since_us != 0 &&
            now_us - berth->down_since_us > LANE_PATIENCE_US);
}

static bool needs_lane(const struct job *job)
{
    return job->verdict.allow && job->key->usable;
}

/* A job that failed on the ledger is kept, to be told so. */
static enum sg_status decide_or_tell(struct core *core, struct job *job)
{
    enum sg_status status = decide(core, job);

    if (status != SG_OK) {
        STAILQ_INSERT_TAIL(&core->answered, job, queue);
    }
    return status;
}

/* An HSM that is down makes one record, not one a job: these are only answered. What was
 * signed before can be given again without it. */
static enum sg_status refuse_or_replay(struct core *core, const struct berth *berth,
                                       struct job *job)
{
    bool answered = false;
    enum sg_status status = decide_stored(core, job, &answered);

    if (answered && status == SG_OK) {
        return SG_OK;
    }
    if (status == SG_OK) {
        notes_count(core, UNRECORDED_NO_LANE, 1);
    }
    job_refuse(job, SG_LANE_DOWN, "the HSM of key '%s' is not available: %.100s",
               job->key->config->name, lane_why(berth->lane));
    STAILQ_INSERT_TAIL(&core->answered, job, queue);
    return status;
}

static enum sg_status refuse_all(struct core *core, struct berth *berth)
{
    struct job *job;

    while ((job = STAILQ_FIRST(&berth->waiting)) != NULL) {
        STAILQ_REMOVE_HEAD(&berth->waiting, queue);
        core->waiting_count--;
        TRY(needs_lane(job) ? refuse_or_replay(core, berth, job)
                            : decide_or_tell(core, job));
    }
    return SG_OK;
}

/* Takes no more jobs than the lane has room for: an INTENT is written when the key is
 * about to be used, not when somebody queues. Denials take no room. */
static enum sg_status decide_waiting(struct core *core, struct berth *berth,
                                     size_t *decisions)
{
    uint32_t room = lane_room(berth->lane);
    struct job *job;

    while ((job = STAILQ_FIRST(&berth->waiting)) != NULL && *decisions < TURN_DECISIONS) {
        bool may_sign = needs_lane(job);
        if (may_sign && room == 0) {
            break;
        }
        STAILQ_REMOVE_HEAD(&berth->waiting, queue);
        core->waiting_count--;
        (*decisions)++;
        room -= may_sign ? 1 : 0;
        TRY(decide_or_tell(core, job));
    }
    return SG_OK;
}

static enum sg_status conclude_all(struct core *core)
{
    struct job *job;

    while ((job = STAILQ_FIRST(&core->finished)) != NULL) {
        STAILQ_REMOVE_HEAD(&core->finished, queue);
        core->finished_count--;
        TRY(conclude(core, job));
    }
    return SG_OK;
}

static enum sg_status write_all(struct core *core)
{
    int64_t now_us = clock_mono_us();
    size_t decisions = 0;

    TRY(notes_write(core));
    TRY(conclude_all(core));
    for (size_t i = 0; i < core->berth_count; i++) {
        TRY(lane_gone(&core->berths[i], now_us)
                ? refuse_all(core, &core->berths[i])
                : decide_waiting(core, &core->berths[i], &decisions));
    }
    return SG_OK;
}

/* --- Out ------------------------------------------------------------------------- */

/* The INTENTs are durable: now, and not before, the keys may be used. */
static void dispatch(struct core *core)
{
    struct job *job;

    while ((job = STAILQ_FIRST(&core->admitted)) != NULL) {
        struct lane *lane = core->berths[job->key->lane].lane;
        STAILQ_REMOVE_HEAD(&core->admitted, queue);
        if (lane_room(lane) == 0) { /* it died while the records were written */
            const struct lane_result lost = {
                .status = SG_LANE_DOWN,
                .why = "the HSM was lost before the key was used"};
            turn_on_done(core, job, &lost);
            continue;
        }
        const struct lane_op op = {
            .owner = job,
            .key = job->key->position,
            .scheme = job->scheme,
            .hash = job->hash,
            .input = slice_of(job->to_be_signed, sg_hash_len(job->hash)),
            .deadline_us = job->deadline_us,
        };
        lane_submit(lane, &op);
    }
    for (size_t i = 0; i < core->berth_count; i++) {
        lane_flush(core->berths[i].lane);
    }
}

static void post(struct core *core, struct mbox *box, struct letters *batch, size_t count)
{
    if (count > 0) {
        /* The boxes of the I/O loops are not bounded: what was admitted bounds them. */
        MUST(mbox_put(box, batch, count) == SG_OK);
        atomic_fetch_sub_explicit(&core->load, (unsigned)count, memory_order_relaxed);
    }
}

static void hand_back(struct core *core)
{
    struct letters batch = STAILQ_HEAD_INITIALIZER(batch);
    struct mbox *box = NULL;
    size_t count = 0;
    struct job *job;

    while ((job = STAILQ_FIRST(&core->answered)) != NULL) {
        STAILQ_REMOVE_HEAD(&core->answered, queue);
        if (job->reply != box) {
            post(core, box, &batch, count);
            box = job->reply;
            count = 0;
        }
        STAILQ_INSERT_TAIL(&batch, &job->letter, link);
        count++;
    }
    post(core, box, &batch, count);
}

/* --- The turn -------------------------------------------------------------------- */

static void refuse_list(struct core *core, struct job_list *list)
{
    struct job *job;

    while ((job = STAILQ_FIRST(list)) != NULL) {
        STAILQ_REMOVE_HEAD(list, queue);
        job->on_log = false;
        job_refuse(
            job, SG_LEDGER,
            "the ledger cannot be written, so nothing is signed; tell the gateway's "
            "administrator");
        STAILQ_INSERT_TAIL(&core->answered, job, queue);
    }
}

/* The ledger has failed: whoever waits is told so, and nothing is signed any more. */
static void refuse_everybody(struct core *core)
{
    struct job_list undone = STAILQ_HEAD_INITIALIZER(undone);

    log_event(LOG_ERROR, "ledger.failed", "why", ledger_why(core->ledger), NULL);
    STAILQ_CONCAT(&undone, &core->answered);
    refuse_list(core, &undone);
    refuse_list(core, &core->finished);
    refuse_list(core, &core->admitted);
    for (size_t i = 0; i < core->berth_count; i++) {
        refuse_list(core, &core->berths[i].waiting);
    }
    hand_back(core);
}

static enum sg_status write_and_commit(struct core *core)
{
    TRY(ledger_begin(core->ledger));
    TRY(write_all(core));
    return ledger_commit(core->ledger);
}

bool turn_has_work(const struct core *core)
{
    return core->waiting_count > 0 || core->finished_count > 0 || core->note_count > 0;
}

/* Smoothed over about eight turns. A pause in which nothing was asked must not look like
 * a slow HSM: it is capped. */
static void measure_service(struct core *core, size_t finished)
{
    enum { LONGEST_US = 100000 };

    if (finished > 0) {
        int64_t us = (clock_mono_us() - core->committed_us) / (int64_t)finished;
        us = us < LONGEST_US ? us : LONGEST_US;
        core->service_us += (us - core->service_us) / 8;
    }
}

enum sg_status turn(struct core *core)
{
    if (turn_has_work(core) && !atomic_load(&core->broken)) {
        measure_service(core, core->finished_count);
        if (write_and_commit(core) != SG_OK) {
            atomic_store(&core->broken, true);
        }
        core->committed_us = clock_mono_us();
    }
    if (atomic_load(&core->broken)) {
        refuse_everybody(core);
        return SG_LEDGER;
    }
    dispatch(core);
    hand_back(core);
    return SG_OK;
}
