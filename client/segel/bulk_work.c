#include "client/segel/bulk_inside.h"

/* What the workers do: first what ends a letter, so that the window empties, then what
 * begins one. */

static struct slot *take_work(struct segel_bulk *bulk)
{
    struct slot *slot = TAILQ_FIRST(&bulk->lists[SLOT_ANSWERED]);

    if (slot != NULL) {
        slot_move(bulk, slot, SLOT_FINISHING);
        return slot;
    }
    slot = TAILQ_FIRST(&bulk->lists[SLOT_QUEUED]);
    if (slot != NULL) {
        slot_move(bulk, slot, SLOT_PREPARING);
    }
    return slot;
}

static struct slot *await_work(struct segel_bulk *bulk)
{
    struct slot *slot = take_work(bulk);

    while (slot == NULL && !bulk->stopped) {
        (void)pthread_cond_wait(&bulk->work, &bulk->lock);
        slot = take_work(bulk);
    }
    return slot;
}

static void prepare(struct segel_bulk *bulk, struct slot *slot)
{
    struct segel_error error;

    (void)pthread_mutex_unlock(&bulk->lock);
    int code = prepared_make(slot->plan, &slot->kept, &slot->prepared, &error);
    (void)pthread_mutex_lock(&bulk->lock);
    if (code != SEGEL_OK) {
        slot_settle(bulk, slot, &error);
    } else if (bulk->broken.code != SEGEL_OK) {
        slot_settle(bulk, slot, &bulk->broken);
    } else {
        slot_move(bulk, slot, SLOT_READY);
    }
}

/* The letter's memory is given back here: its outcome may wait for long. */
static void finish(struct segel_bulk *bulk, struct slot *slot)
{
    struct segel_prepared *prepared = slot->prepared;

    slot->prepared = NULL;
    (void)pthread_mutex_unlock(&bulk->lock);
    outcome_finish(slot->outcome, &prepared, slot->plan->is_cms);
    segel_prepared_free(prepared);
    (void)pthread_mutex_lock(&bulk->lock);
    slot_settle(bulk, slot, NULL);
}

void *bulk_worker(void *context)
{
    struct segel_bulk *bulk = (struct segel_bulk *)context;
    struct slot *slot;

    (void)pthread_mutex_lock(&bulk->lock);
    while ((slot = await_work(bulk)) != NULL) {
        if (slot->state == SLOT_PREPARING) {
            prepare(bulk, slot);
        } else {
            finish(bulk, slot);
        }
    }
    (void)pthread_mutex_unlock(&bulk->lock);
    return NULL;
}
