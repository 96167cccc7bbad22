#ifndef SEGEL_GATEWAY_CORE_TURN_INFLIGHT_H
#define SEGEL_GATEWAY_CORE_TURN_INFLIGHT_H

#include "gateway/core/turn/job.h"

/* Jobs whose key use is under way, by (caller, request id): a second asker of the same
 * job must wait for the first one's answer instead of starting another signature. */
enum { INFLIGHT_BUCKETS = 4096 };

struct inflight {
    struct job *buckets[INFLIGHT_BUCKETS];
};

void inflight_add(struct inflight *table, struct job *job);
void inflight_remove(struct inflight *table, struct job *job);
/* Empties the table into the end of a list, in no order. */
void inflight_take_all(struct inflight *table, struct job_list *out);
/* The job under way for the same caller and id; NULL when there is none. */
struct job *inflight_find(const struct inflight *table, const struct job *job);

#endif
