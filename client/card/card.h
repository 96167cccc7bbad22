#ifndef SEGEL_CLIENT_CARD_CARD_H
#define SEGEL_CLIENT_CARD_CARD_H

#include "proto/base.h"
#include "proto/slice.h"
#include "proto/tlog/note.h"

/* A person's Ed25519 key on a card or token, by its PKCS#11 URI (RFC 7512):
 *
 *     pkcs11:token=officer-a;object=approvals?module-path=/usr/lib/…/opensc-pkcs11.so
 *
 * The module is loaded into this process, which is a person's for one signature; it may
 * block as long as the module does. One card at a time in a process. */
struct card;

bool card_is_uri(const char *text);

/* Finds the one token and the one key; no PIN is needed. SG_INVALID: the URI; one that
 * holds a PIN is refused. SG_NOT_FOUND, SG_CONFLICT: no such token or key, or several.
 * SG_UNSUPPORTED: the card or key cannot make Ed25519 signatures. SG_HSM: the module
 * fails. */
SG_MUST_USE enum sg_status card_open(const char *uri, struct card **out,
                                     struct sg_error *why);
/* Logs out and lets the module go. For AUTO. */
void card_close(struct card **card);

/* What the token says of itself. All borrowed from the card. */
struct card_facts {
    const char *token; /* label */
    const char *serial;
    const char *label;         /* of the key; "" = none */
    const uint8_t *public_key; /* NOTE_KEY_SIZE bytes */
    bool own_keypad;           /* the PIN is typed there: it must not be asked for here */
    bool count_low;            /* few wrong PINs are left */
};
void card_facts(const struct card *card, struct card_facts *out);
/* Whether a PIN may be tried at all: SG_PRECONDITION where the next wrong one locks the
 * token, or it is locked. Before anybody is asked for it. */
SG_MUST_USE enum sg_status card_check(struct card *card, struct sg_error *why);
/* Logs in, once, and signs; the signature is verified before it is given out. SG_DENIED:
 * the PIN was refused; it is not tried again. SG_PRECONDITION as card_check. SG_HSM. */
SG_MUST_USE enum sg_status card_sign(struct card *card, struct slice pin,
                                     struct slice text,
                                     uint8_t signature[NOTE_ED25519_SIZE],
                                     struct sg_error *why);

#endif
