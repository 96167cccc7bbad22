#ifndef SEGEL_HSM_TOKEN_MECHANISM_H
#define SEGEL_HSM_TOKEN_MECHANISM_H

#include "hsm/token/key.h"

/* Values of Mechanism in lane.proto. */
enum mechanism {
    MECHANISM_NONE,
#define MECHANISM(name, type, code) MECHANISM_##name,
#include "hsm/token/mechanism.def"
#undef MECHANISM
    MECHANISM_COUNT
};

/* Any value is safe to pass: it may have come from a peer. KEY_NONE: there is no such
 * mechanism. */
enum key_type mechanism_key_type(enum mechanism mechanism);
CK_MECHANISM_TYPE mechanism_code(enum mechanism mechanism);

/* What a token offers to sign with, asked once. */
struct mechanism_offer {
    bool offered;
    CK_ULONG smallest; /* key sizes, in bits or, with some modules, bytes; 0: unknown */
    CK_ULONG largest;
};

struct mechanism_offers {
    struct mechanism_offer of[MECHANISM_COUNT];
};

/* A module that answers for no mechanism at all is taken to offer each: the first
 * signature will tell. */
void mechanism_probe(const struct token *token, struct mechanism_offers *offers);

/* Bits 1 << mechanism: what the token offers for a key of this type and size, and
 * CKA_ALLOWED_MECHANISMS does not forbid. */
uint32_t mechanism_fit(const struct mechanism_offers *offers, const struct key *key);

#endif
