#ifndef SEGEL_CLIENT_COMMANDS_CEREMONY_TOKEN_FACTS_H
#define SEGEL_CLIENT_COMMANDS_CEREMONY_TOKEN_FACTS_H

#include "client/console/home.h"
#include "proto/base.h"
#include "proto/slice.h"

/* What minutes hold of a token and a key, and what the gateway says of them now: pairs of
 * names and values, which are never empty. */
enum { FACTS_MAX = 40, FACT_VALUE_SIZE = 160 };

struct fact {
    const char *name; /* a constant */
    char value[FACT_VALUE_SIZE];
};
struct facts {
    size_t count;
    struct fact list[FACTS_MAX];
    char state[32];         /* of the lane ("up"), or of the key ("generated") */
    int64_t pin_changed_us; /* of the token; 0 = never */
    bool has_spki;
    uint8_t spki[32];
};

/* SG_NOT_FOUND: the gateway has no such lane. Others as channel_unary. */
SG_MUST_USE enum sg_status facts_of_token(const struct home *home, const char *lane,
                                          struct facts *out, struct sg_error *why);
SG_MUST_USE enum sg_status facts_of_key(const struct home *home, const char *key,
                                        struct facts *out, struct sg_error *why);
/* The first fact of that name; NULL: there is none. */
const struct fact *facts_find(const struct facts *facts, struct slice name);
/* The only lane that there is; false: there are more, or the gateway does not answer. */
bool facts_only_lane(const struct home *home, char out[65]);

#endif
