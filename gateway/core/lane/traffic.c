#include <stdio.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/core/lane/inside.h"
#include "gateway/core/lane/login.h"
#include "gateway/log.h"

enum { CKR_PIN_INCORRECT_ = 0xa0, CKR_USER_PIN_NOT_INITIALIZED_ = 0x102 };

static_assert((int)FAILURE_COUNT == SEGEL__LANE__V1__FAILURE_CLASS__FAILURE_CONFIG + 1,
              "the rows of failure.def are those of lane.proto");

static enum failure_action action_of(Segel__Lane__V1__FailureClass failure)
{
    return failure_action((enum failure)failure);
}

/* --- What the lane says ---------------------------------------------------------- */

static void on_opened(struct lane *lane, const Segel__Lane__V1__Opened *opened)
{
    if (opened->n_keys != lane->options.key_count || opened->token == NULL ||
        lane->state != LANE_STARTING) {
        lane_lose(lane, LANE_DOWN, "the lane answered its start with nonsense");
        return;
    }
    wire_token(opened->token, &lane->token);
    for (size_t i = 0; i < opened->n_keys; i++) {
        wire_key(opened->keys[i], &lane->keys[i]);
    }
    lane->found = false;
    lane->logging_in = false;
    lane_login_went_well(lane);
    lane->counts.threads = opened->threads;
    lane->counts.confinement = opened->confinement;
    lane->no_pin_starts = 0;
    if (opened->note[0] != '\0') {
        log_event(LOG_WARN, "lane.note", "lane", lane_name(lane), "note", opened->note,
                  NULL);
    }
    lane_health_opened(lane);
}

static void on_found(struct lane *lane, const Segel__Lane__V1__Found *found)
{
    struct lane_token token = {.flags = 0};

    if (found->token == NULL) {
        lane_lose(lane, LANE_DOWN, "the lane answered its start with nonsense");
        return;
    }
    wire_token(found->token, &token);
    lane_on_found(lane, &token);
}

/* SoftHSM answers so by mistake when two processes start at once; whoever answers so
 * three times in a row means it. */
static bool has_no_pin(struct lane *lane, const Segel__Lane__V1__Failed *failed)
{
    enum { TIMES = 3 };

    lane->no_pin_starts =
        failed->rv == CKR_USER_PIN_NOT_INITIALIZED_ ? lane->no_pin_starts + 1 : 0;
    return lane->no_pin_starts >= TIMES;
}

static void on_failed(struct lane *lane, const Segel__Lane__V1__Failed *failed)
{
    bool latch = action_of(failed->failure) == ACTION_LATCH || has_no_pin(lane, failed);

    lane->failure = latch ? FAILURE_LATCHED : (enum failure)failed->failure;
    lane->failed_with = failed->rv;
    lane->refused_with = latch ? failed->rv : 0;
    lane->token.flags =
        failed->token_flags != 0 ? failed->token_flags : lane->token.flags;
    lane->counts.failed_us = clock_wall_us();
    lane_lose(lane, latch ? LANE_LATCHED : LANE_DOWN, failed->why);
}

/* Slots are found by id: the low part is the slot, the rest makes it unique. */
static struct slot *slot_of(struct lane *lane, uint64_t id)
{
    struct slot *slot = &lane->slots[id % lane->slot_count];

    return slot->owner != NULL && slot->id == id ? slot : NULL;
}

static void note_progress(struct hand *hand, const struct slot *ended)
{
    int64_t now_us = clock_mono_us();

    hand->progress_us = now_us;
    if (ended == TAILQ_FIRST(&hand->busy)) {
        hand->overtaken_us = 0;
    } else if (hand->overtaken_us == 0) {
        hand->overtaken_us = now_us;
    }
}

/* The slot is free again, and its owner is told. */
static void tell(struct lane *lane, struct slot *slot, const struct lane_result *result)
{
    struct hand *hand = &lane->hands[slot->kind];
    void *owner = slot->owner;

    TAILQ_REMOVE(&hand->busy, slot, link);
    TAILQ_INSERT_TAIL(&lane->idle, slot, link);
    slot->owner = NULL;
    hand->outstanding--;
    if (owner == lane) {
        lane_health_canary_done(lane, result);
    } else {
        lane->options.done(lane->options.context, owner, result);
    }
}

void traffic_tell_all(struct lane *lane, bool dead)
{
    static const struct lane_result lost = {
        .status = SG_INDETERMINATE,
        .why = "the HSM was lost during the job; ask again with the same id",
    };
    static const struct lane_result untouched = {
        .status = SG_LANE_DOWN,
        .unused = true,
        .why = "the HSM was lost before the key was used; ask again with the same id",
    };
    struct slot *slot;

    for (int kind = 0; kind < LANE_KINDS; kind++) {
        uint64_t begun = atomic_load(&lane->process.marks->begun[kind]);
        while ((slot = TAILQ_FIRST(&lane->hands[kind].busy)) != NULL) {
            lane->counts.failed_count += slot->owner != lane ? 1 : 0;
            lane->counts.failed_us = clock_wall_us();
            tell(lane, slot, dead && slot->id > begun ? &untouched : &lost);
        }
        lane->hands[kind].overtaken_us = 0;
    }
}

/* A module that says CKR_OK to a signature that is none lies: the code would say nothing.
 */
static void word_failure(const Segel__Lane__V1__Outcome *outcome, char *out, size_t cap)
{
    enum failure failure = (enum failure)outcome->failure;

    if (outcome->rv == 0) {
        (void)snprintf(out, cap, "%s",
                       failure == FAILURE_DEVICE
                           ? "the token gave a signature that does not verify; nobody "
                             "has seen it"
                           : failure_text(failure));
        return;
    }
    (void)snprintf(out, cap, "%s (PKCS#11 0x%llX)", failure_text(failure),
                   (unsigned long long)outcome->rv);
}

static bool on_outcome(struct lane *lane, const Segel__Lane__V1__Outcome *outcome)
{
    struct slot *slot = slot_of(lane, outcome->id);
    struct lane_result result = {.status = failure_status((enum failure)outcome->failure),
                                 .hsm_us = outcome->hsm_us};

    if (slot == NULL || outcome->signature.len > SG_SIGNATURE_MAX ||
        (result.status == SG_OK && outcome->signature.len == 0)) {
        return false;
    }
    struct hand *hand = &lane->hands[slot->kind];
    if (result.status == SG_OK) {
        result.signature = slice_of(outcome->signature.data, outcome->signature.len);
        latency_add(&hand->latency, outcome->hsm_us);
    } else {
        word_failure(outcome, result.why, sizeof(result.why));
    }
    note_progress(hand, slot);
    bool canary = slot->owner == lane;
    tell(lane, slot, &result);
    if (!canary) {
        lane_health_note(lane, result.status);
    }
    return true;
}

static void replace_for(struct lane *lane, const Segel__Lane__V1__Outcome *outcome)
{
    char words[128];
    char why[sizeof(lane->why)];

    word_failure(outcome, words, sizeof(words));
    (void)snprintf(why, sizeof(why), "%s; a fresh lane is started", words);
    lane_ebb(lane, why);
}

static void on_done(struct lane *lane, const Segel__Lane__V1__Done *done)
{
    enum failure_action worst = ACTION_KEEP;
    const Segel__Lane__V1__Outcome *of_worst = NULL;

    if (done->n_outcomes == 0) { /* such frames could keep the core busy without end */
        lane_lose(lane, LANE_DOWN, "the lane sent an answer to nothing");
        return;
    }
    for (size_t i = 0; i < done->n_outcomes; i++) {
        if (!on_outcome(lane, done->outcomes[i])) {
            lane_lose(lane, LANE_DOWN,
                      "the lane answered an operation that it was not given");
            return;
        }
        enum failure_action action = action_of(done->outcomes[i]->failure);
        of_worst = action > worst ? done->outcomes[i] : of_worst;
        worst = action > worst ? action : worst;
    }
    if (worst == ACTION_LATCH) { /* a fresh lane would try the same PIN again */
        lane->refused_with = CKR_PIN_INCORRECT_;
        lane_lose(lane, LANE_LATCHED, "the token refused the PIN during a job");
    } else if (worst == ACTION_RESPAWN) {
        replace_for(lane, of_worst);
    } else if (lane->state == LANE_UP && lane_health_mostly_failing(lane)) {
        lane_ebb(lane, "the token failed most of the last 20 operations; a fresh lane is "
                       "started");
    }
    lane_ebb_on(lane, 0); /* more may wait to be read: its time is looked at elsewhere */
}

static void take_in(struct lane *lane, const Segel__Lane__V1__FromLane *message)
{
    switch ((int)message->body_case) {
    case SEGEL__LANE__V1__FROM_LANE__BODY_OPENED:
        on_opened(lane, message->opened);
        break;
    case SEGEL__LANE__V1__FROM_LANE__BODY_FOUND:
        on_found(lane, message->found);
        break;
    case SEGEL__LANE__V1__FROM_LANE__BODY_FAILED:
        on_failed(lane, message->failed);
        break;
    case SEGEL__LANE__V1__FROM_LANE__BODY_DONE:
        on_done(lane, message->done);
        break;
    default:
        lane_lose(lane, LANE_DOWN, "the lane sent an empty message");
        break;
    }
}

void lane_read(struct lane *lane)
{
    Segel__Lane__V1__FromLane *message = NULL;
    enum sg_status status = SG_OK;

    if (lane->burying) {
        lane_bury(lane, clock_mono_us());
        return;
    }
    while (lane->process.socket >= 0 && status == SG_OK) {
        status = wire_receive(lane->process.socket, &lane->arena, &message);
        if (status == SG_OK) {
            take_in(lane, message);
        } else if (status == SG_IO) {
            lane_lose(lane, LANE_DOWN, "the lane's process ended");
        } else if (status == SG_INVALID) {
            lane_lose(lane, LANE_DOWN, "the lane sent what is no message");
        }
    }
}

/* --- Work ------------------------------------------------------------------------ */

static void put_operation(const struct lane_op *op, uint64_t id,
                          Segel__Lane__V1__Operation *out)
{
    segel__lane__v1__operation__init(out);
    out->id = id;
    out->key = op->key;
    out->mechanism = op->scheme == SG_SCHEME_NONE
                         ? SEGEL__LANE__V1__MECHANISM__MECHANISM_EDDSA
                         : (Segel__Lane__V1__Mechanism)op->scheme;
    out->hash_bits = (uint32_t)sg_hash_len(op->hash) * 8;
    out->input.data = (uint8_t *)sg_unconst(op->input.data);
    out->input.len = op->input.len;
    out->deadline_us = op->deadline_us;
}

void lane_flush(struct lane *lane)
{
    Segel__Lane__V1__Operation operations[WIRE_OPS_MAX];
    Segel__Lane__V1__Operation *pointers[WIRE_OPS_MAX];
    Segel__Lane__V1__Work work;
    Segel__Lane__V1__ToLane message;

    if (lane->queued_count == 0) {
        return;
    }
    for (uint32_t i = 0; i < lane->queued_count; i++) {
        put_operation(&lane->queued[i], lane->queued_slots[i]->id, &operations[i]);
        pointers[i] = &operations[i];
    }
    segel__lane__v1__work__init(&work);
    segel__lane__v1__to_lane__init(&message);
    work.n_operations = lane->queued_count;
    work.operations = pointers;
    message.body_case = SEGEL__LANE__V1__TO_LANE__BODY_WORK;
    message.work = &work;
    lane->queued_count = 0;
    /* The window is far below what the socket holds: a full socket means a lane that has
     * stopped reading. What it has sent before counts. */
    if (wire_send(lane->process.socket, &message) != SG_OK) {
        lane_read(lane);
        lane_lose(lane, LANE_DOWN, "the lane no longer takes work");
    }
}

/* Digests are copied: the caller's may go away before the frame is sent. A message for
 * EdDSA is longer and goes out at once. */
static struct slice keep_input(struct lane *lane, struct slice input)
{
    if (input.len > SG_HASH_MAX) {
        return input;
    }
    memcpy(lane->queued_inputs[lane->queued_count], input.data, input.len);
    return slice_of(lane->queued_inputs[lane->queued_count], input.len);
}

void traffic_put(struct lane *lane, const struct lane_op *op)
{
    struct slot *slot = TAILQ_FIRST(&lane->idle);
    enum lane_kind kind = lane_kind_of(op->scheme);
    struct hand *hand = &lane->hands[kind];

    MUST(slot != NULL && op->owner != NULL);
    TAILQ_REMOVE(&lane->idle, slot, link);
    TAILQ_INSERT_TAIL(&hand->busy, slot, link);
    slot->owner = op->owner;
    slot->kind = kind;
    slot->id = lane->next_id++ * lane->slot_count + (uint64_t)(slot - lane->slots);
    if (hand->outstanding++ == 0) {
        hand->progress_us = clock_mono_us();
        hand->overtaken_us = 0;
    }
    lane->queued[lane->queued_count] = *op;
    lane->queued[lane->queued_count].input = keep_input(lane, op->input);
    lane->queued_slots[lane->queued_count] = slot;
    lane->queued_count++;
    if (lane->queued_count == WIRE_OPS_MAX || op->input.len > SG_HASH_MAX) {
        lane_flush(lane);
    }
}

void lane_submit(struct lane *lane, const struct lane_op *op)
{
    MUST(lane_room(lane, lane_kind_of(op->scheme)) > 0);
    traffic_put(lane, op);
}
