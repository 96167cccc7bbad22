#include "gateway/transport/guest.h"

#include <stdlib.h>

/* There only while it has a place. */
struct guest {
    const void *name;
    uint32_t places;
    struct guest *next;
};

void guests_init(struct guests *guests)
{
    *guests = (struct guests){0};
    MUST(pthread_mutex_init(&guests->lock, NULL) == 0);
}

void guests_fini(struct guests *guests)
{
    for (size_t i = 0; i < GUEST_SHELVES; i++) {
        struct guest *guest;
        while ((guest = guests->shelves[i]) != NULL) {
            guests->shelves[i] = guest->next;
            free(guest);
        }
    }
    (void)pthread_mutex_destroy(&guests->lock);
}

/* The link that points to the guest, or the last one, which is NULL. */
static struct guest **find(struct guests *guests, const void *name)
{
    /* Pointers from malloc differ in their middle bits. */
    struct guest **at = &guests->shelves[((uintptr_t)name >> 5) % GUEST_SHELVES];

    while (*at != NULL && (*at)->name != name) {
        at = &(*at)->next;
    }
    return at;
}

static enum sg_status enter(struct guests *guests, const void *name, uint32_t max)
{
    struct guest **at = find(guests, name);

    if (*at == NULL) {
        *at = (struct guest *)calloc(1, sizeof(**at));
        if (*at == NULL) {
            return SG_NO_MEMORY;
        }
        (*at)->name = name;
    }
    if ((*at)->places >= max) {
        return SG_BUSY;
    }
    (*at)->places++;
    return SG_OK;
}

enum sg_status guests_enter(struct guests *guests, const void *guest, uint32_t max)
{
    MUST(max > 0 && pthread_mutex_lock(&guests->lock) == 0);
    enum sg_status status = enter(guests, guest, max);
    MUST(pthread_mutex_unlock(&guests->lock) == 0);
    return status;
}

void guests_leave(struct guests *guests, const void *guest)
{
    MUST(pthread_mutex_lock(&guests->lock) == 0);
    struct guest **at = find(guests, guest);
    MUST(*at != NULL && (*at)->places > 0);
    if (--(*at)->places == 0) {
        struct guest *gone = *at;
        *at = gone->next;
        free(gone);
    }
    MUST(pthread_mutex_unlock(&guests->lock) == 0);
}
