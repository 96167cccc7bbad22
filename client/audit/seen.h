#ifndef SEGEL_CLIENT_AUDIT_SEEN_H
#define SEGEL_CLIENT_AUDIT_SEEN_H

#include "proto/base.h"

/* Requests that were signed, or intents that have their outcome: a set of 16-byte marks
 * (marks.h), so that two of them share one by no effort that anybody can make. It is the
 * only thing here that grows with the log: 21 to 43 bytes a mark. The zero state is
 * empty. */
struct seen_mark {
    uint64_t word[2]; /* both 0: a free slot */
};
struct seen {
    struct seen_mark *slots; /* owned; a power of two of them */
    size_t cap;
    size_t count;
};

bool seen_mark_equal(const struct seen_mark *a, const struct seen_mark *b);
/* SG_CONFLICT: it is there already. SG_NO_MEMORY. */
SG_MUST_USE enum sg_status seen_add(struct seen *seen, struct seen_mark mark);
void seen_fini(struct seen *seen);

#endif
