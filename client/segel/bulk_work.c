#include "client/segel/bulk_inside.h"

/* Preparing: one thread more than there are processors to keep busy, each with a process
 * that reads for it. What waits for the disk is not done here. */

static struct slot *await_letter(struct segel_bulk *bulk)
{
    struct slot *slot;

    while ((slot = TAILQ_FIRST(&bulk->lists[SLOT_QUEUED])) == NULL && !bulk->stopped) {
        (void)pthread_cond_wait(&bulk->work, &bulk->lock);
    }
    if (slot != NULL) {
        slot_move(bulk, slot, SLOT_PREPARING);
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

void *bulk_worker(void *context)
{
    struct segel_bulk *bulk = (struct segel_bulk *)context;
    struct slot *slot;

    (void)pthread_mutex_lock(&bulk->lock);
    while ((slot = await_letter(bulk)) != NULL) {
        prepare(bulk, slot);
    }
    (void)pthread_mutex_unlock(&bulk->lock);
    return NULL;
}
