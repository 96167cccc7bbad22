#ifndef SEGEL_GATEWAY_SERVICE_ROLL_H
#define SEGEL_GATEWAY_SERVICE_ROLL_H

#include "gateway/config/config.h"

struct caller;

enum { ROLL_SHELVES = 256 };

/* The callers of one configuration, and who of them was let in by it. Calls and
 * connections may refer to an older one for as long as they last, so it stays until the
 * services end: one for each time that the list really changed. */
struct roll {
    const struct config *config;
    struct config *owned; /* a share; NULL: the configuration of the start */
    struct caller *shelves[ROLL_SHELVES]; /* owned; of those let in, by their identity */
    struct roll *older;
};

/* The caller of that name; NULL when there is none. */
const struct config_caller *roll_find(const struct config *config, const char *name);
/* Whether the lists say the same of certificates, users, roles, keys and networks. */
bool roll_same(const struct config *one, const struct config *other);
/* Every caller must be one of the start, with the same weight, because its place in the
 * queues was made then. SG_PRECONDITION: why names one that is not. */
SG_MUST_USE enum sg_status roll_check(const struct config *config,
                                      const struct config *start, struct sg_error *why);
/* With all that are older. */
void roll_free(struct roll *roll);

#endif
