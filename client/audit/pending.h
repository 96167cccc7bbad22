#ifndef SEGEL_CLIENT_AUDIT_PENDING_H
#define SEGEL_CLIENT_AUDIT_PENDING_H

#include "client/audit/marks.h"
#include "proto/base.h"

/* INTENTs that wait for their OUTCOME: a hash table by record index. Few are open at one
 * time, whatever the length of the log. The zero state is empty. */
struct pending_slot {
    uint64_t index;
    int64_t time_us;
    uint64_t attempt;
    struct seen_mark marks[MARK_PAIRS];
    bool named; /* it has a request id */
    bool told;  /* it is a fault already that it is open */
    bool used;
};
struct pending {
    struct pending_slot *slots; /* owned; a power of two of them */
    size_t cap;
    size_t count;
};

/* SG_NO_MEMORY. SG_CONFLICT: its index is there already. */
SG_MUST_USE enum sg_status pending_add(struct pending *pending,
                                       const struct pending_slot *slot);
/* false: it is not there. */
bool pending_remove(struct pending *pending, uint64_t index, struct pending_slot *out);
void pending_fini(struct pending *pending);

#endif
