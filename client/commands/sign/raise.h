#ifndef SEGEL_CLIENT_COMMANDS_SIGN_RAISE_H
#define SEGEL_CLIENT_COMMANDS_SIGN_RAISE_H

#include "client/commands/sign/extend.h"

/* What one thread needs to bring letters to a higher level: a connection and the
 * validation data of each key that it met last. */
enum { SIGN_RAISE_KEYS = 4, SIGN_RAISE_KEY_SIZE = 256 };
struct sign_raiser {
    const struct home *home;     /* borrowed */
    const atomic_bool *given_up; /* borrowed: when set, it ends soon */
    uint64_t clock;
    struct sign_known {
        char key[SIGN_RAISE_KEY_SIZE]; /* "" = free */
        bool current; /* what answers for the name; otherwise the very key */
        struct extend_run run;
        uint64_t used;
    } known[SIGN_RAISE_KEYS];
};

/* Fills in what became of it. */
void sign_raise(struct sign_raiser *raiser, struct sign_extension *extension);
void sign_raiser_fini(struct sign_raiser *raiser);
/* Whether it may go better later. */
bool sign_raise_lost(enum sg_status status);

#endif
