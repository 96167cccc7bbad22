#ifndef SEGEL_CLIENT_CARD_INSIDE_H
#define SEGEL_CLIENT_CARD_INSIDE_H

#include <p11-kit/uri.h>

#include "client/card/card.h"

/* Inside of a card: token.c finds it, key.c the key on it, card.c uses it. */
struct card {
    P11KitUri *uri;       /* owned */
    CK_FUNCTION_LIST *fn; /* borrowed from the module, which is never unloaded */
    bool initialized;     /* by us: to be finalised */
    CK_SLOT_ID slot;
    CK_SESSION_HANDLE session;
    bool open;
    bool used; /* its one login was made */
    CK_FLAGS flags;
    char token[33];
    char serial[17];
    char label[65];
    uint8_t id[64];
    size_t id_len;
    uint8_t public_key[NOTE_KEY_SIZE];
};

/* token.c: loads the module and opens a session to the token. */
SG_MUST_USE enum sg_status card_find_token(struct card *card, struct sg_error *why);
/* The flags as they are now. */
SG_MUST_USE enum sg_status card_read_flags(struct card *card, struct sg_error *why);

/* key.c: the public half. */
SG_MUST_USE enum sg_status card_find_key(struct card *card, struct sg_error *why);
/* The private half; after the login. */
SG_MUST_USE enum sg_status card_find_private(const struct card *card,
                                             CK_OBJECT_HANDLE *out, bool *each_time,
                                             struct sg_error *why);

/* A call of the module failed: what, and the number of its answer. */
SG_MUST_USE enum sg_status card_failed(const char *what, CK_RV rv, struct sg_error *why);

#endif
