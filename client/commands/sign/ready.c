#include "client/commands/sign/ready.h"

#include <stdio.h>
#include <stdlib.h>

#include "client/channel/moment.h"
#include "client/commands/sign/interrupt.h"

enum { REFUSED_US = 60000000 };

/* NULL: nothing is known, or no longer. */
static const struct sign_ready_key *recall(const struct sign_ready *ready,
                                           const char *key)
{
    for (size_t i = 0; i < SIGN_READY_KEYS; i++) {
        const struct sign_ready_key *known = &ready->keys[i];
        if (known->asked && strcmp(known->key, key) == 0 &&
            (known->status == SG_OK || moment_mono_us() - known->asked_us < REFUSED_US)) {
            return known;
        }
    }
    return NULL;
}

static void remember(struct sign_ready *ready, const char *key, enum sg_status status,
                     const struct sg_error *why)
{
    struct sign_ready_key *known = &ready->keys[ready->next++ % SIGN_READY_KEYS];

    *known = (struct sign_ready_key){
        .asked = true, .status = status, .asked_us = moment_mono_us()};
    (void)snprintf(known->key, sizeof(known->key), "%s", key);
    if (status != SG_OK) {
        known->why = *why;
    }
}

static enum sg_status ask(const struct sign_ready *ready, const char *key,
                          struct sg_error *why)
{
    struct extend_run *run = (struct extend_run *)calloc(1, sizeof(*run));

    if (run == NULL) {
        return sg_fail(why, SG_NO_MEMORY, "%s", sg_status_text(SG_NO_MEMORY));
    }
    run->home = ready->home;
    run->key = key;
    run->current = true;
    run->level = EXTEND_B_LT;
    run->given_up = sign_interrupt_flag();
    enum sg_status status = extend_begin(run, why);
    extend_end(run);
    free(run);
    return status;
}

enum sg_status sign_ready_ask(struct sign_ready *ready, const char *key, bool *lost,
                              struct sg_error *why)
{
    const struct sign_ready_key *known = recall(ready, key);

    *lost = false;
    if (known != NULL) {
        *why = known->status == SG_OK ? *why : known->why;
        return known->status;
    }
    enum sg_status status = ask(ready, key, why);
    *lost = sign_raise_lost(status);
    if (!*lost && status != SG_CANCELLED && status != SG_NO_MEMORY) {
        remember(ready, key, status, why);
    }
    return status;
}
