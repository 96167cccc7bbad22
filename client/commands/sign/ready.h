#ifndef SEGEL_CLIENT_COMMANDS_SIGN_READY_H
#define SEGEL_CLIENT_COMMANDS_SIGN_READY_H

#include "client/commands/sign/raise.h"
#include "client/console/home.h"

/* Whether validation data can be had of the keys of letters that are to be extended:
 * before anything is signed that would then have no name. The zero state has asked of
 * none. */
enum { SIGN_READY_KEYS = 64 };
struct sign_ready_key {
    bool asked;
    char key[SIGN_RAISE_KEY_SIZE];
    enum sg_status status; /* what was answered */
    struct sg_error why;   /* of a refusal */
    int64_t asked_us;      /* CLOCK_MONOTONIC */
};
struct sign_ready {
    const struct home *home; /* borrowed */
    struct sign_ready_key keys[SIGN_READY_KEYS];
    size_t next;
};

/* Asks the gateway, once for each key; of one that was refused again after a minute. Each
 * question is a connection of its own. *lost: gateway or authority cannot serve now,
 * which is not the key's fault, and is not remembered. SG_CANCELLED: the user stopped it
 * (interrupt.h), or the gateway gave it up. */
SG_MUST_USE enum sg_status sign_ready_ask(struct sign_ready *ready, const char *key,
                                          bool *lost, struct sg_error *why);

#endif
