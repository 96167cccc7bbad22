#ifndef SEGEL_CLIENT_SIGN_READY_H
#define SEGEL_CLIENT_SIGN_READY_H

#include "client/home.h"
#include "client/sign_raise.h"

/* Whether validation data can be had of the keys of letters that are to be extended:
 * before anything is signed that would then have no name. The zero state has asked of
 * none. */
enum { SIGN_READY_KEYS = 64 };
struct sign_ready {
    const struct home *home; /* borrowed */
    char keys[SIGN_READY_KEYS][SIGN_RAISE_KEY_SIZE];
    size_t next;
};

/* Asks the gateway, once for each key. *lost: gateway or authority cannot serve now,
 * which is not the key's fault. SG_CANCELLED: the user stopped it (sign_interrupt.h), or
 * the gateway gave it up. */
SG_MUST_USE enum sg_status sign_ready_ask(struct sign_ready *ready, const char *key,
                                          bool *lost, struct sg_error *why);

#endif
