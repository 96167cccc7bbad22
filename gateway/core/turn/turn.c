#include "gateway/core/turn/turn.h"

#include <stdio.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/core/core_inside.h"
#include "gateway/core/key/life.h"
#include "gateway/core/officers/order.h"
#include "gateway/core/turn/failed.h"
#include "gateway/core/turn/inquiry.h"
#include "gateway/core/turn/refuse.h"
#include "gateway/core/turn/stamp.h"
#include "gateway/core/turn/stop.h"
#include "gateway/core/turn/waiting.h"

/* --- In -------------------------------------------------------------------------- */

static void take_job(struct core *core, struct job *job)
{
    job->berth = NO_BERTH;
    waiting_put(core, job);
}

/* One that was judged again stands behind those that came with it, for which it goes
 * before all others: so the last one is put there first. */
static void sort_letter(struct core *core, struct letter *letter,
                        struct job_list *backwards)
{
    struct job *job = (struct job *)letter;

    if (letter->kind == LETTER_ORDER) {
        STAILQ_INSERT_TAIL(&core->orders, letter, link);
    } else if (letter->kind == LETTER_INQUIRY || letter->kind == LETTER_STAMP) {
        STAILQ_INSERT_TAIL(&core->inquiries, letter, link);
    } else if (letter->kind == LETTER_ANCHOR) {
        STAILQ_INSERT_TAIL(&core->anchoring.mail, letter, link);
    } else if (job->again) {
        STAILQ_INSERT_HEAD(backwards, job, queue);
    } else {
        take_job(core, job);
    }
}

void turn_collect(struct core *core)
{
    struct job_list backwards = STAILQ_HEAD_INITIALIZER(backwards);
    struct letters mail = STAILQ_HEAD_INITIALIZER(mail);
    struct letter *letter;

    mbox_take(&core->mailbox, &mail);
    while ((letter = STAILQ_FIRST(&mail)) != NULL) {
        STAILQ_REMOVE_HEAD(&mail, link);
        sort_letter(core, letter, &backwards);
    }
    waiting_put_back(core, &backwards);
}

void turn_on_done(void *context, void *owner, const struct lane_result *result)
{
    struct core *core = (struct core *)context;

    if (owner == core) {
        checkpoint_done(core, result);
        return;
    }
    struct job *job = (struct job *)owner;
    stages_result(&core->stages, job, result);
    route_note(core, job->key, result);
    job->status = result->status;
    /* What a lane finds too late it does not begin. */
    job->unused = result->unused || result->status == SG_TIMEOUT;
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

/* A job that no lane could show its key for was not judged, and is not signed. For what
 * is stopped nobody waits. */
static bool needs_lane(const struct core *core, const struct job *job)
{
    return job->binding == NULL || (job->verdict.allow && job->binding->usable &&
                                    stop_of(core, job->key) == NULL);
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

/* Not worth a record, as nothing was begun, and no turn of its caller's. */
static enum sg_status drop(struct core *core, struct route *route, int64_t now_us)
{
    struct job *job = fair_first(&route->waiting);
    bool given_up = job_given_up(job);

    waiting_take(core, route, false, now_us);
    notes_count(core, given_up ? UNRECORDED_GIVEN_UP : UNRECORDED_EXPIRED, 1);
    if (given_up) {
        job_refuse(job, SG_CANCELLED, "the caller gave the job up");
    } else {
        job_refuse(job, SG_TIMEOUT,
                   "the deadline passed while the job waited; nothing was signed");
    }
    STAILQ_INSERT_TAIL(&core->answered, job, queue);
    return SG_OK;
}

/* The time for what was under way is over: no lane gets anything any more, or the manager
 * would kill us with keys in use. */
static enum sg_status refuse_at_the_end(struct core *core, struct route *route,
                                        int64_t now_us)
{
    struct job *job = fair_first(&route->waiting);

    waiting_take(core, route, false, now_us);
    job_refuse(
        job, SG_SHUTDOWN,
        "the gateway ends, and begins nothing any more: ask again with the same id");
    STAILQ_INSERT_TAIL(&core->answered, job, queue);
    return SG_OK;
}

/* Whether there is a lane for the job now. */
static bool find_lane(const struct core *core, size_t index, struct job *job)
{
    job->berth = route_choose(core, index, job->tried);
    if (job->berth == NO_BERTH && job->tried != 0) {
        job->berth = route_choose(core, index, 0); /* better there than behind a queue */
    }
    return job->berth != NO_BERTH;
}

/* It could only be signed after its deadline. */
static bool comes_too_late(const struct core *core, const struct job *job, int64_t now_us)
{
    const struct berth *berth = &core->berths[job->berth];

    return now_us + lane_wait_us(berth->lane, lane_kind_of(job->scheme)) >=
           job->deadline_us;
}

/* Its loop judges it anew and sends it again; it keeps its place. */
static enum sg_status judge_again(struct core *core, struct route *route, int64_t now_us)
{
    struct job *job = fair_first(&route->waiting);

    waiting_take(core, route, false, now_us);
    job->again = true;
    STAILQ_INSERT_TAIL(&core->outdated, job, queue);
    return SG_OK;
}

/* What becomes of the job whose turn it is for a key. *stays: it goes on waiting. An
 * INTENT is written when the key is about to be used, not when somebody queues: a job
 * that needs a lane waits until one has room. Denials take no room. */
static enum sg_status decide_first(struct core *core, struct route *route, int64_t now_us,
                                   bool *stays)
{
    *stays = false;
    size_t index = (size_t)(route - core->routes);
    struct job *job = fair_first(&route->waiting);
    bool lane = needs_lane(core, job);
    bool hopeless = lane && (job->binding == NULL || core->state.reserve.low ||
                             route_gone(core, index, now_us));

    if (job_given_up(job) || now_us >= job->deadline_us) {
        return drop(core, route, now_us);
    }
    if (core->ending) {
        return refuse_at_the_end(core, route, now_us);
    }
    if (decide_outdated(core, job)) {
        return judge_again(core, route, now_us);
    }
    if (core->state.reserve.spent) {
        waiting_take(core, route, true, now_us);
        refuse_unrecorded(core, job);
        return SG_OK;
    }
    *stays = lane && !hopeless && !find_lane(core, index, job);
    if (*stays) {
        return SG_OK;
    }
    if (lane && !hopeless && comes_too_late(core, job, now_us)) {
        return drop(core, route, now_us);
    }
    waiting_take(core, route, true, now_us);
    return hopeless ? refuse_or_replay(core, index, job) : decide_or_tell(core, job);
}

static enum sg_status decide_in_turns(struct core *core, struct route_list *stuck,
                                      size_t *decisions)
{
    int64_t now_us = clock_mono_us();
    struct route *route;
    bool stays = false;

    while (*decisions < TURN_DECISIONS && (route = TAILQ_FIRST(&core->busy)) != NULL) {
        TAILQ_REMOVE(&core->busy, route, link);
        TAILQ_INSERT_TAIL(&core->busy, route, link);
        TRY(decide_first(core, route, now_us, &stays));
        if (stays) {
            TAILQ_REMOVE(&core->busy, route, link);
            TAILQ_INSERT_TAIL(stuck, route, link);
        }
        waiting_tell(core, route);
        *decisions += stays ? 0 : 1;
    }
    return SG_OK;
}

/* Keys take turns, job by job: a long queue of one does not hold up the others. Whoever
 * found no lane is the first to look for one in the next turn. */
static enum sg_status decide_all(struct core *core)
{
    struct route_list stuck = TAILQ_HEAD_INITIALIZER(stuck);
    size_t decisions = 0;

    enum sg_status status = decide_in_turns(core, &stuck, &decisions);
    TAILQ_CONCAT(&stuck, &core->busy, link);
    TAILQ_CONCAT(&core->busy, &stuck, link);
    core->cut_short = decisions == TURN_DECISIONS;
    return status;
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
    TRY(notes_write(core));
    TRY(anchoring_write(core));
    TRY(latches_write(core));
    TRY(grants_write(core));
    TRY(ceremony_write(core));
    TRY(life_write(core));
    TRY(incidents_write(core));
    TRY(agenda_write(core));
    TRY(mandates_expire(core));
    TRY(orders_write(core)); /* may bring another policy */
    TRY(key_facts_write(core));
    TRY(inquiries_write(core));
    TRY(conclude_all(core));
    TRY(decide_all(core));
    TRY(mandates_write(core));
    TRY(overrides_write(core));
    return state_write(core);
}

/* --- Out ------------------------------------------------------------------------- */

static void hand_over(struct core *core, struct job *job)
{
    static const struct lane_result lost = {
        .status = SG_LANE_DOWN,
        .unused = true,
        .why = "the HSM was lost before the key was used; ask again with the same id"};
    static const struct lane_result late = {
        .status = SG_TIMEOUT,
        .unused = true,
        .why = "the deadline passed before the key was used; nothing was signed"};
    struct berth *berth = &core->berths[job->berth];
    enum lane_kind kind = lane_kind_of(job->scheme);

    berth->planned[kind]--;
    if (lane_room(berth->lane, kind) == 0) { /* it died while the records were written */
        turn_on_done(core, job, &lost);
        return;
    }
    job->handed_us = clock_mono_us();
    if (job->handed_us >= job->deadline_us) { /* they took too long */
        turn_on_done(core, job, &late);
        return;
    }
    const struct lane_op op = {
        .owner = job,
        .key = (uint32_t)berth->positions[route_index(core, job->key)],
        .scheme = job->scheme,
        .hash = job->hash,
        .input = slice_of(job->to_be_signed, sg_hash_len(job->hash)),
        .deadline_us = job->deadline_us,
    };
    lane_submit(berth->lane, &op);
}

/* The INTENTs are durable: now, and not before, the keys may be used. */
static void dispatch(struct core *core)
{
    struct job *job;

    while ((job = STAILQ_FIRST(&core->admitted)) != NULL) {
        STAILQ_REMOVE_HEAD(&core->admitted, queue);
        hand_over(core, job);
    }
    for (size_t i = 0; i < core->berth_count; i++) {
        if (core->berths[i].lane != NULL) {
            lane_flush(core->berths[i].lane);
        }
    }
}

/* --- The turn -------------------------------------------------------------------- */

static enum sg_status write_and_commit(struct core *core)
{
    state_begin_turn(core);
    TRY(ledger_begin(core->ledger));
    TRY(write_all(core));
    return ledger_commit(core->ledger);
}

bool turn_has_work(const struct core *core)
{
    return core->waiting_count > 0 || core->finished_count > 0 || core->note_count > 0 ||
           !STAILQ_EMPTY(&core->orders) || !STAILQ_EMPTY(&core->inquiries) ||
           !STAILQ_EMPTY(&core->anchoring.mail) || grants_due(core) ||
           register_due(core) || life_due(core) || incidents_due(core) ||
           agenda_due(core) || mandates_due(core) || ceremony_due(core) ||
           overrides_due(core);
}

enum sg_status turn(struct core *core)
{
    if (turn_has_work(core) && !atomic_load(&core->broken)) {
        if (write_and_commit(core) != SG_OK) {
            atomic_store(&core->broken, true);
        }
        core->committed_us = clock_mono_us();
        anchoring_grew(core);
    }
    if (atomic_load(&core->broken)) {
        failed_tell_all(core);
        return SG_LEDGER;
    }
    dispatch(core);
    hand_back(core);
    orders_obey(core);
    inquiries_answer(core);
    life_settle(core);
    return SG_OK;
}
