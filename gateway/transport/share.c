#include "gateway/transport/share.h"

#include <stdlib.h>

/* Three quarters of what the loop has. */
static struct budget part_of(struct budget *whole)
{
    return (struct budget){
        .cap = whole->cap - whole->cap / 4, .parent = whole, .refusals = whole->refusals};
}

static struct share *find(const struct shared *shared, const void *guest)
{
    struct share *share;

    LIST_FOREACH(share, &shared->list, link)
    {
        if (share->guest == guest) {
            return share;
        }
    }
    return NULL;
}

struct share *share_enter(struct shared *shared, const void *guest)
{
    struct share *share = find(shared, guest);

    if (share == NULL) {
        share = (struct share *)malloc(sizeof(*share));
        if (share == NULL) {
            return NULL;
        }
        *share = (struct share){.guest = guest,
                                .input = part_of(shared->input),
                                .output = part_of(shared->output)};
        LIST_INSERT_HEAD(&shared->list, share, link);
    }
    share->connections++;
    return share;
}

void share_leave(struct share *share)
{
    if (--share->connections == 0) {
        MUST(share->input.used == 0 && share->output.used == 0);
        LIST_REMOVE(share, link);
        free(share);
    }
}
