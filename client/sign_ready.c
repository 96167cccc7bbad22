#include "client/sign_ready.h"

#include <stdio.h>
#include <stdlib.h>

#include "client/sign_interrupt.h"

static bool is_known(const struct sign_ready *ready, const char *key)
{
    for (size_t i = 0; i < SIGN_READY_KEYS; i++) {
        if (key[0] != '\0' && strcmp(ready->keys[i], key) == 0) {
            return true;
        }
    }
    return false;
}

enum sg_status sign_ready_ask(struct sign_ready *ready, const char *key, bool *lost,
                              struct sg_error *why)
{
    *lost = false;
    if (is_known(ready, key)) {
        return SG_OK;
    }
    struct extend_run *run = (struct extend_run *)calloc(1, sizeof(*run));
    if (run == NULL) {
        return sg_fail(why, SG_NO_MEMORY, "%s", sg_status_text(SG_NO_MEMORY));
    }
    run->home = ready->home;
    run->key = key;
    run->level = EXTEND_B_LT;
    run->given_up = sign_interrupt_flag();
    enum sg_status status = extend_begin(run, why);
    *lost = sign_raise_lost(status);
    extend_end(run);
    free(run);
    TRY(status);
    (void)snprintf(ready->keys[ready->next++ % SIGN_READY_KEYS], SIGN_RAISE_KEY_SIZE,
                   "%s", key);
    return SG_OK;
}
