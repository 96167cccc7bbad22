#ifndef SEGEL_GATEWAY_TRANSPORT_FIELDS_H
#define SEGEL_GATEWAY_TRANSPORT_FIELDS_H

#include "gateway/transport/limit.h"
#include "proto/slice.h"

/* Names with values in the order of their arrival: one call's metadata of one direction.
 * What they cost is counted as in RFC 9113 section 6.5.2, because that is how peers limit
 * what they accept: name + value + FIELD_COST bytes each. The zero state is empty. */
enum { FIELD_COST = 32 };

struct fields {
    uint8_t *data; /* owned */
    size_t len;
    size_t cap;
    size_t charged; /* to the budget */
    size_t cost;
    size_t count;
};

/* Copies both. SG_TOO_LARGE: the cost would exceed max. SG_BUSY: the budget has no room.
 * SG_NO_MEMORY. */
SG_MUST_USE enum sg_status fields_add(struct fields *fields, struct slice name,
                                      struct slice value, size_t max,
                                      struct budget *budget);
/* The next field from *at (0: the first) on. False: there is none. Valid until the next
 * fields_add. */
bool fields_next(const struct fields *fields, size_t *at, struct slice *name,
                 struct slice *value);
/* The at-th value of a name; data NULL: there is none. */
struct slice fields_value(const struct fields *fields, struct slice name, size_t at);
/* Forgets all and gives the budget back. A small buffer is kept for the next call. */
void fields_clear(struct fields *fields, struct budget *budget);
void fields_fini(struct fields *fields);

#endif
