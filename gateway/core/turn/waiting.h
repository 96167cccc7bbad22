#ifndef SEGEL_GATEWAY_CORE_TURN_WAITING_H
#define SEGEL_GATEWAY_CORE_TURN_WAITING_H

#include "gateway/core/core_inside.h"

/* The queues of the keys, with what admission must know of them. Core thread only. */

void waiting_put(struct core *core, struct job *job);
/* The leader is tried again, before all of its caller's; and behind it whoever waits for
 * its answer. */
void waiting_put_again(struct core *core, struct job *leader);
/* The leader is answered for itself: whoever waits for its answer goes on without it,
 * before all of their callers', in the order in which they came. */
void waiting_put_followers(struct core *core, struct job *leader);
/* Takes off the job whose turn it is. charged: it uses a turn of its caller's up. */
void waiting_take(struct core *core, struct route *route, bool charged, int64_t now_us);
/* Jobs that were judged again, the last one first: before all of their callers', in the
 * order in which they were. */
void waiting_put_back(struct core *core, struct job_list *backwards);
void waiting_take_all(struct core *core, struct job_list *out);
/* After a decision: what may be expected of the key. */
void waiting_tell(struct core *core, struct route *route);

#endif
