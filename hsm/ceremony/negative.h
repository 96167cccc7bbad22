#ifndef SEGEL_HSM_CEREMONY_NEGATIVE_H
#define SEGEL_HSM_CEREMONY_NEGATIVE_H

#include "hsm/token/key.h"

/* What a new key must not do is tried, and its refusal written down: an attribute that
 * reads well proves nothing of a module that does not keep to it. */
enum negative {
#define NEGATIVE(name, function, text) NEGATIVE_##name,
#include "hsm/ceremony/negative.def"
#undef NEGATIVE
    NEGATIVE_COUNT
};

struct negative_check {
    const char *name; /* static */
    CK_RV rv;
    bool refused;
};

/* A module that did what it must refuse: it is undone where that can be done, and the key
 * is not fit for use. allowed: the one mechanism that the key was made for. */
void negative_try(struct token *token, const struct key *key, CK_MECHANISM_TYPE allowed,
                  struct negative_check out[NEGATIVE_COUNT]);

#endif
