#include "gateway/transport/share.h"

#include <stdlib.h>

#include "gateway/clock.h"

/* Three quarters of what the loop has. */
static struct budget part_of(struct budget *whole)
{
    return (struct budget){
        .cap = whole->cap - whole->cap / 4, .parent = whole, .refusals = whole->refusals};
}

static struct share *find(const struct shared *shared, const void *guest)
{
    struct share *share = shared->first;

    while (share != NULL && share->guest != guest) {
        share = share->next;
    }
    return share;
}

/* Of a caller that has gone and owes nothing there is no more to know than of a new one.
 */
static void drop_settled(struct shared *shared)
{
    int64_t now_us = clock_mono_us();
    struct share **at = &shared->first;

    while (*at != NULL) {
        struct share *share = *at;
        if (share->connections == 0 && share->inflates.filled_us <= now_us) {
            *at = share->next;
            free(share);
        } else {
            at = &share->next;
        }
    }
}

struct share *share_enter(struct shared *shared, const void *guest)
{
    drop_settled(shared);
    struct share *share = find(shared, guest);

    if (share == NULL) {
        share = (struct share *)malloc(sizeof(*share));
        if (share == NULL) {
            return NULL;
        }
        *share = (struct share){.next = shared->first,
                                .guest = guest,
                                .input = part_of(shared->input),
                                .output = part_of(shared->output)};
        shared->first = share;
    }
    share->connections++;
    return share;
}

void share_leave(struct shared *shared, struct share *share)
{
    if (--share->connections == 0) {
        MUST(share->input.used == 0 && share->output.used == 0);
        drop_settled(shared);
    }
}

void shares_fini(struct shared *shared)
{
    struct share *share;

    while ((share = shared->first) != NULL) {
        MUST(share->connections == 0);
        shared->first = share->next;
        free(share);
    }
}
