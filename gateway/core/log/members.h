#ifndef SEGEL_GATEWAY_CORE_LOG_MEMBERS_H
#define SEGEL_GATEWAY_CORE_LOG_MEMBERS_H

#include "proto/base.h"

/* Members of an event's record as they are put together. The zero state is empty; names
 * and values are borrowed. */
struct core;

enum { MEMBERS_MAX = 24 };
struct members {
    const char *pairs[2 * MEMBERS_MAX];
    size_t count;
};

/* Where a record stands. */
struct log_place {
    uint64_t index;
    uint8_t hash[32];
};

/* NULL or empty values are left out. */
void members_add(struct members *members, const char *name, const char *value);
/* Appends the record inside of the core's transaction. place may be NULL. */
SG_MUST_USE enum sg_status members_write(struct core *core, const char *type,
                                         const struct members *members,
                                         struct log_place *place);

#endif
