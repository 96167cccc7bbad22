#ifndef SEGEL_GATEWAY_CORE_TURN_DENIAL_H
#define SEGEL_GATEWAY_CORE_TURN_DENIAL_H

#include "gateway/core/turn/job.h"

/* A denial by the policy, in words: for the caller and for the record. Whoever owns the
 * job. */

/* Makes the reasons of all rules that deny: by the facts of the job and its key. Without
 * memory the job has none, and is denied all the same. */
void denial_explain(struct job *job, const struct facts *facts);
/* The same once the rules over STATE facts are judged: what was explained before stays.
 */
void denial_complete(struct job *job, const struct facts *state);
/* Status and sentence: the deciding rule speaks, in the caller's language if it knows it.
 */
void denial_word(struct job *job);
/* When it is worth to come back: a count of the day begins anew with the next one. */
void denial_time(struct job *job, int64_t now_us);

#endif
