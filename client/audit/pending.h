#ifndef SEGEL_CLIENT_PENDING_H
#define SEGEL_CLIENT_PENDING_H

#include "proto/base.h"

/* INTENTs that wait for their OUTCOME: a hash table by record index. Few are open at one
 * time, whatever the length of the log. The zero state is empty. */
struct pending_slot {
    uint64_t index;
    int64_t time_us;
    bool used;
};
struct pending {
    struct pending_slot *slots; /* owned; a power of two of them */
    size_t cap;
    size_t count;
};

/* SG_NO_MEMORY. SG_CONFLICT: it is there already. */
SG_MUST_USE enum sg_status pending_add(struct pending *pending, uint64_t index,
                                       int64_t time_us);
/* false: it is not there. */
bool pending_remove(struct pending *pending, uint64_t index);
void pending_fini(struct pending *pending);

#endif
