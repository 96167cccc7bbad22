#include "client/channel/moment.h"
#include "client/segel/bulk_inside.h"

/* The thread with the connection. It alone settles letters that wait. */

enum { LOOK_US = 1000000 /* how long to wait without looking around */ };

/* Whose letters may be sent now: NULL = nobody's. */
static const struct segel_plan *next_plan(const struct segel_bulk *bulk)
{
    const struct slot *sent = TAILQ_FIRST(&bulk->lists[SLOT_SENT]);
    const struct slot *ready = TAILQ_FIRST(&bulk->lists[SLOT_READY]);

    if (bulk->link.careful && bulk->link.owed_us != 0) {
        return sent == NULL ? NULL : sent->plan;
    }
    return ready == NULL ? NULL : ready->plan;
}

/* Whether all that could be sent waits for answers that no letter waits for. */
static bool is_held_up(const struct segel_bulk *bulk)
{
    return bulk->link.careful && bulk->link.owed_us != 0 &&
           bulk->counts[SLOT_SENT] == 0 && bulk->counts[SLOT_READY] > 0;
}

/* As many letters of one plan as a message may have, from here on counted as sent. */
static size_t collect(struct segel_bulk *bulk, struct slot *slots[BULK_SEND_MAX])
{
    const struct segel_plan *plan = next_plan(bulk);
    struct slot *slot = TAILQ_FIRST(&bulk->lists[SLOT_READY]);
    size_t count = 0;

    while (slot != NULL && count < bulk->link.send_max) {
        struct slot *next = TAILQ_NEXT(slot, link);
        if (slot->plan == plan) {
            slots[count++] = slot;
            slot->attempts++;
            slot_move(bulk, slot, SLOT_SENT);
        }
        slot = next;
    }
    return count;
}

static void send_ready(struct segel_bulk *bulk)
{
    struct slot *slots[BULK_SEND_MAX];
    size_t count = 1;

    while (bulk->link.stream != NULL && count > 0) {
        (void)pthread_mutex_lock(&bulk->lock);
        bool held_up = is_held_up(bulk);
        count = held_up ? 0 : collect(bulk, slots);
        (void)pthread_mutex_unlock(&bulk->lock);
        if (held_up) {
            bulk_link_leave(bulk);
        } else if (count > 0) {
            bulk_link_send(bulk, slots, count);
        }
    }
}

/* What the loop has to know, all taken under one lock. */
struct view {
    bool closing;
    bool ended; /* no letter shall get through any more */
    bool idle;  /* nothing is to be asked for: no connection is needed */
    int64_t wait_us;
};

static void end_all(struct segel_bulk *bulk)
{
    if (bulk->broken.code == SEGEL_OK) {
        (void)error_set(&bulk->broken, SEGEL_CANCELLED, NULL,
                        "it was given up here; one that was sent may have been signed: "
                        "ask again with the same request id and signing time");
    }
    slots_settle_waiting(bulk, &bulk->broken);
}

static struct view look(struct segel_bulk *bulk)
{
    struct view view = {.closing = false};

    (void)pthread_mutex_lock(&bulk->lock);
    if (bulk->cancelled || bulk->closing) {
        end_all(bulk);
    }
    view.wait_us = slots_wake(bulk, moment_mono_us(), LOOK_US);
    view.closing = bulk->closing;
    view.ended = bulk->broken.code != SEGEL_OK;
    view.idle =
        bulk->counts[SLOT_READY] + bulk->counts[SLOT_SENT] + bulk->counts[SLOT_RESTING] ==
        0;
    (void)pthread_mutex_unlock(&bulk->lock);
    return view;
}

static void take_turn(struct segel_bulk *bulk, const struct view *view)
{
    if (view->ended) {
        bulk_link_close(bulk);
    }
    if (view->ended || (bulk->link.stream == NULL && view->idle)) {
        bulk_pause(bulk, view->wait_us);
    } else if (bulk_link_open(bulk)) {
        send_ready(bulk);
        bulk_link_turn(bulk, view->wait_us);
    }
}

void *bulk_stream(void *context)
{
    struct segel_bulk *bulk = (struct segel_bulk *)context;
    struct view view = look(bulk);

    while (!view.closing) {
        take_turn(bulk, &view);
        view = look(bulk);
    }
    bulk_link_close(bulk);
    return NULL;
}
