#include "client/verify/known.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { KEPT_MAX = 65536 /* bytes: a chain has a few thousand */ };

struct known_chain {
    atomic_uint users;
    STACK_OF(X509) * stack; /* owned */
    size_t len;
    uint8_t bytes[];
};

struct verify_known {
    pthread_mutex_t lock;
    struct known_chain *last; /* shared; NULL: none yet */
};

struct verify_known *verify_known_new(void)
{
    struct verify_known *known = (struct verify_known *)calloc(1, sizeof(*known));

    if (known != NULL) {
        (void)pthread_mutex_init(&known->lock, NULL);
    }
    return known;
}

void verify_known_free(struct verify_known *known)
{
    if (known != NULL) {
        known_chain_drop(known->last);
        (void)pthread_mutex_destroy(&known->lock);
        free(known);
    }
}

static bool is_of(const struct known_chain *chain, struct slice bytes)
{
    return chain != NULL && slice_equal(slice_of(chain->bytes, chain->len), bytes);
}

struct known_chain *known_chain_take(struct verify_known *known, struct slice bytes)
{
    struct known_chain *taken = NULL;

    (void)pthread_mutex_lock(&known->lock);
    if (is_of(known->last, bytes)) {
        taken = known->last;
        (void)atomic_fetch_add(&taken->users, 1);
    }
    (void)pthread_mutex_unlock(&known->lock);
    return taken;
}

STACK_OF(X509) * known_chain_stack(const struct known_chain *chain)
{
    return chain->stack;
}

void known_chain_drop(struct known_chain *chain)
{
    if (chain != NULL && atomic_fetch_sub(&chain->users, 1) == 1) {
        sk_X509_pop_free(chain->stack, X509_free);
        free(chain);
    }
}

static struct known_chain *make(struct slice bytes, STACK_OF(X509) * stack)
{
    struct known_chain *chain =
        bytes.len > KEPT_MAX ? NULL
                             : (struct known_chain *)malloc(sizeof(*chain) + bytes.len);

    if (chain != NULL) {
        atomic_init(&chain->users, 1);
        chain->stack = stack;
        chain->len = bytes.len;
        memcpy(chain->bytes, bytes.data, bytes.len);
    }
    return chain;
}

void known_chain_keep(struct verify_known *known, struct slice bytes,
                      STACK_OF(X509) * stack)
{
    struct known_chain *before = make(bytes, stack);

    if (before == NULL) {
        sk_X509_pop_free(stack, X509_free);
        return;
    }
    (void)pthread_mutex_lock(&known->lock);
    struct known_chain *chain = before;
    before = known->last;
    known->last = chain;
    (void)pthread_mutex_unlock(&known->lock);
    known_chain_drop(before);
}
