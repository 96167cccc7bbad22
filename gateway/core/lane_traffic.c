#include <stdio.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/core/lane_inside.h"
#include "proto/failure.h"

static_assert((int)FAILURE_COUNT ==
                  SEGEL__LANE__V1__FAILURE_CLASS__FAILURE_CONFIG + 1,
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
    lane->state = LANE_UP;
    lane->backoff_us = BACKOFF_FIRST_US;
    lane->why[0] = '\0';
}

static void on_failed(struct lane *lane, const Segel__Lane__V1__Failed *failed)
{
    lane_lose(lane, action_of(failed->failure) == ACTION_LATCH ? LANE_LATCHED : LANE_DOWN,
              failed->why);
}

/* Slots are found by id: the low part is the slot, the rest makes it unique. */
static struct slot *slot_of(struct lane *lane, uint64_t id)
{
    struct slot *slot = &lane->slots[id % lane->options.window];

    return slot->owner != NULL && slot->id == id ? slot : NULL;
}

static void note_progress(struct lane *lane, const struct slot *ended)
{
    int64_t now_us = clock_mono_us();

    lane->progress_us = now_us;
    if (ended == TAILQ_FIRST(&lane->busy)) {
        lane->overtaken_us = 0;
    } else if (lane->overtaken_us == 0) {
        lane->overtaken_us = now_us;
    }
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
    if (result.status == SG_OK) {
        result.signature = slice_of(outcome->signature.data, outcome->signature.len);
    } else {
        (void)snprintf(result.why, sizeof(result.why), "%s (PKCS#11 0x%llX)",
                       sg_status_text(result.status), (unsigned long long)outcome->rv);
    }
    void *owner = slot->owner;
    note_progress(lane, slot);
    TAILQ_REMOVE(&lane->busy, slot, link);
    TAILQ_INSERT_TAIL(&lane->idle, slot, link);
    slot->owner = NULL;
    lane->outstanding--;
    lane->options.done(lane->options.context, owner, &result);
    return true;
}

static void on_done(struct lane *lane, const Segel__Lane__V1__Done *done)
{
    bool broken = false;
    bool latched = false;

    for (size_t i = 0; i < done->n_outcomes; i++) {
        if (!on_outcome(lane, done->outcomes[i])) {
            lane_lose(lane, LANE_DOWN,
                      "the lane answered an operation that it was not given");
            return;
        }
        enum failure_action action = action_of(done->outcomes[i]->failure);
        broken = broken || action != ACTION_KEEP;
        latched = latched || action == ACTION_LATCH;
    }
    if (latched) { /* a fresh lane would try the same PIN again */
        lane_lose(lane, LANE_LATCHED,
                  "the token refused the PIN during a job; a security officer has to "
                  "clear this, then start the gateway again");
    } else if (broken) {
        lane_lose(lane, LANE_DOWN, "the token failed; a fresh lane is started");
    }
}

static void take_in(struct lane *lane, const Segel__Lane__V1__FromLane *message)
{
    switch ((int)message->body_case) {
    case SEGEL__LANE__V1__FROM_LANE__BODY_OPENED:
        on_opened(lane, message->opened);
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

    while (lane->fd >= 0 && status == SG_OK) {
        status = wire_receive(lane->fd, &lane->arena, &message);
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

uint32_t lane_room(const struct lane *lane)
{
    return lane->state == LANE_UP ? lane->options.window - lane->outstanding : 0;
}

uint32_t lane_outstanding(const struct lane *lane)
{
    return lane->outstanding;
}

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
     * stopped reading. */
    if (wire_send(lane->fd, &message) != SG_OK) {
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

void lane_submit(struct lane *lane, const struct lane_op *op)
{
    struct slot *slot = TAILQ_FIRST(&lane->idle);

    MUST(lane->state == LANE_UP && slot != NULL && op->owner != NULL);
    TAILQ_REMOVE(&lane->idle, slot, link);
    TAILQ_INSERT_TAIL(&lane->busy, slot, link);
    slot->owner = op->owner;
    slot->id = lane->next_id++ * lane->options.window + (uint64_t)(slot - lane->slots);
    if (lane->outstanding++ == 0) {
        lane->progress_us = clock_mono_us();
        lane->overtaken_us = 0;
    }
    lane->queued[lane->queued_count] = *op;
    lane->queued[lane->queued_count].input = keep_input(lane, op->input);
    lane->queued_slots[lane->queued_count] = slot;
    lane->queued_count++;
    if (lane->queued_count == WIRE_OPS_MAX || op->input.len > SG_HASH_MAX) {
        lane_flush(lane);
    }
}
