#include "client/segel/bulk_inside.h"

/* Finishing: signatures are put in, and letters written. A finisher takes all that are
 * there, up to BULK_FINISH_MAX, and they reach the disk together. When no other is at
 * work it waits for none that might come. Those that come meanwhile are the next group,
 * or at once that of another when they are as many as it takes: so groups are large, and
 * several where the disk is slow. */

struct group {
    struct slot *slots[BULK_FINISH_MAX];
    size_t count;
    struct pdf_file files[BULK_FINISH_MAX];
    struct outcome *outcomes[BULK_FINISH_MAX]; /* whose files they are */
    size_t file_count;
};

/* Whether another letter is being written to the same path: this one's turn is later. */
static bool is_taken(const struct segel_bulk *bulk, const char *output)
{
    const struct slot *slot;

    if (output == NULL) {
        return false;
    }
    TAILQ_FOREACH(slot, &bulk->lists[SLOT_FINISHING], link)
    {
        const char *other = slot->kept.letter.output;
        if (other != NULL && strcmp(other, output) == 0) {
            return true;
        }
    }
    return false;
}

static void collect(struct segel_bulk *bulk, struct group *group)
{
    struct slot *slot = TAILQ_FIRST(&bulk->lists[SLOT_ANSWERED]);

    group->count = 0;
    while (slot != NULL && group->count < bulk->group_max) {
        struct slot *next = TAILQ_NEXT(slot, link);
        if (!is_taken(bulk, slot->kept.letter.output)) {
            slot_move(bulk, slot, SLOT_FINISHING);
            group->slots[group->count++] = slot;
        }
        slot = next;
    }
}

static bool await_group(struct segel_bulk *bulk, struct group *group)
{
    group->count = 0;
    while (group->count == 0) {
        if (bulk->stopped || slots_to_finish(bulk)) {
            collect(bulk, group);
        }
        if (group->count == 0 && bulk->stopped) {
            return false;
        }
        if (group->count == 0) {
            (void)pthread_cond_wait(&bulk->answered, &bulk->lock);
        }
    }
    bulk->finishing++;
    return true;
}

/* The letter's memory is given back here: its outcome may wait for long. */
static void begin(struct group *group, struct slot *slot)
{
    struct segel_prepared *prepared = slot->prepared;

    slot->prepared = NULL;
    if (outcome_begin(slot->outcome, &prepared, slot->plan,
                      &group->files[group->file_count])) {
        group->outcomes[group->file_count++] = slot->outcome;
    }
    segel_prepared_free(prepared);
}

static void finish(struct group *group)
{
    group->file_count = 0;
    for (size_t i = 0; i < group->count; i++) {
        begin(group, group->slots[i]);
    }
    pdf_files_end(group->files, group->file_count);
    for (size_t i = 0; i < group->file_count; i++) {
        outcome_end(group->outcomes[i], &group->files[i]);
    }
}

void *bulk_finisher(void *context)
{
    struct segel_bulk *bulk = (struct segel_bulk *)context;
    struct group group;

    (void)pthread_mutex_lock(&bulk->lock);
    while (await_group(bulk, &group)) {
        (void)pthread_mutex_unlock(&bulk->lock);
        finish(&group);
        (void)pthread_mutex_lock(&bulk->lock);
        for (size_t i = 0; i < group.count; i++) {
            slot_settle(bulk, group.slots[i], NULL);
        }
        bulk->finishing--;
    }
    (void)pthread_mutex_unlock(&bulk->lock);
    return NULL;
}
