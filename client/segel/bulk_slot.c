#include "client/segel/bulk_inside.h"

bool slots_to_finish(const struct segel_bulk *bulk)
{
    return bulk->finishing == 0 || bulk->counts[SLOT_ANSWERED] >= bulk->group_max;
}

/* Who waits for a letter in this state. */
static void tell(struct segel_bulk *bulk, enum slot_state state)
{
    if (state == SLOT_QUEUED) {
        (void)pthread_cond_signal(&bulk->work);
    } else if (state == SLOT_ANSWERED && slots_to_finish(bulk)) {
        (void)pthread_cond_signal(&bulk->answered);
    } else if (state == SLOT_READY && bulk->counts[state] == 1) {
        bulk_wake(bulk);
    } else if (state == SLOT_DONE || state == SLOT_FREE) {
        (void)pthread_cond_broadcast(&bulk->done);
    }
}

void slot_move(struct segel_bulk *bulk, struct slot *slot, enum slot_state state)
{
    TAILQ_REMOVE(&bulk->lists[slot->state], slot, link);
    bulk->counts[slot->state]--;
    slot->state = state;
    TAILQ_INSERT_TAIL(&bulk->lists[state], slot, link);
    bulk->counts[state]++;
    tell(bulk, state);
}

void slot_settle(struct segel_bulk *bulk, struct slot *slot,
                 const struct segel_error *error)
{
    if (error != NULL) {
        outcome_spoil(slot->outcome, error);
    }
    slot_move(bulk, slot, SLOT_DONE);
}

void slot_release(struct segel_bulk *bulk, struct slot *slot)
{
    segel_plan_free(slot->plan);
    segel_prepared_free(slot->prepared);
    kept_letter_fini(&slot->kept);
    bulk->open--;
    bulk->bytes -= slot->cost;
    bulk->timed -= slot->deadline_us != 0 ? 1 : 0;
    slot->plan = NULL;
    slot->prepared = NULL;
    slot->outcome = NULL;
    slot_move(bulk, slot, SLOT_FREE);
}

/* Answers come roughly in the order of sending: the oldest is looked at first. */
static struct slot *find_in(const struct slot_list *list, const char *request_id)
{
    struct slot *slot;

    TAILQ_FOREACH(slot, list, link)
    {
        if (strcmp(slot->kept.letter.request_id, request_id) == 0) {
            return slot;
        }
    }
    return NULL;
}

struct slot *slot_find(struct segel_bulk *bulk, const char *request_id)
{
    return find_in(&bulk->lists[SLOT_SENT], request_id);
}

bool slot_is_open(struct segel_bulk *bulk, const char *request_id)
{
    for (unsigned state = SLOT_FREE + 1; state < SLOT_STATES; state++) {
        if (find_in(&bulk->lists[state], request_id) != NULL) {
            return true;
        }
    }
    return false;
}

/* --- Many at once ------------------------------------------------------------------ */

static const enum slot_state waiting[] = {SLOT_QUEUED, SLOT_READY, SLOT_SENT,
                                          SLOT_RESTING};

void slots_settle_waiting(struct segel_bulk *bulk, const struct segel_error *error)
{
    struct slot *slot;

    for (size_t i = 0; i < SG_COUNT(waiting); i++) {
        while ((slot = TAILQ_FIRST(&bulk->lists[waiting[i]])) != NULL) {
            slot_settle(bulk, slot, error);
        }
    }
}

static void move_all(struct segel_bulk *bulk, enum slot_state from, enum slot_state to)
{
    struct slot *slot;

    while ((slot = TAILQ_FIRST(&bulk->lists[from])) != NULL) {
        slot_move(bulk, slot, to);
    }
}

void slots_rewind(struct segel_bulk *bulk)
{
    move_all(bulk, SLOT_SENT, SLOT_READY);
    move_all(bulk, SLOT_RESTING, SLOT_READY);
}

/* --- Time -------------------------------------------------------------------------- */

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t end_rests(struct segel_bulk *bulk, int64_t now_us, int64_t max_us)
{
    struct slot *slot = TAILQ_FIRST(&bulk->lists[SLOT_RESTING]);

    while (slot != NULL) {
        struct slot *next = TAILQ_NEXT(slot, link);
        if (slot->retry_us <= now_us) {
            slot_move(bulk, slot, SLOT_READY);
        } else {
            max_us = earlier(max_us, slot->retry_us - now_us);
        }
        slot = next;
    }
    return max_us;
}

/* Said of a letter that the gateway may have got, too: the id then has the answer. */
static void give_up(struct segel_bulk *bulk, struct slot *slot)
{
    struct segel_error error;

    if (slot->attempts == 0) {
        (void)error_set(&error, SEGEL_TIMEOUT, NULL,
                        "the letter's time was over before it could be sent");
    } else {
        (void)error_unanswered(&error);
    }
    slot_settle(bulk, slot, &error);
}

static int64_t end_late(struct segel_bulk *bulk, enum slot_state state, int64_t now_us,
                        int64_t max_us)
{
    struct slot *slot = TAILQ_FIRST(&bulk->lists[state]);

    while (slot != NULL) {
        struct slot *next = TAILQ_NEXT(slot, link);
        if (slot->deadline_us != 0 && slot->deadline_us <= now_us) {
            give_up(bulk, slot);
        } else if (slot->deadline_us != 0) {
            max_us = earlier(max_us, slot->deadline_us - now_us);
        }
        slot = next;
    }
    return max_us;
}

int64_t slots_wake(struct segel_bulk *bulk, int64_t now_us, int64_t max_us)
{
    max_us = end_rests(bulk, now_us, max_us);
    for (size_t i = 0; bulk->timed > 0 && i < SG_COUNT(waiting); i++) {
        max_us = end_late(bulk, waiting[i], now_us, max_us);
    }
    return max_us;
}
