#ifndef SEGEL_GATEWAY_CORE_TURN_WITHHOLD_H
#define SEGEL_GATEWAY_CORE_TURN_WITHHOLD_H

#include "gateway/core/turn/job.h"

/* What is refused must not put the number of a person on a log that nobody can take
 * anything from, nor what officers let through in spite of it. */

/* Makes zeros of the digits of such numbers (nik.h), where a record would have them: in
 * the texts of the job, in the facts kept for its record, in what its denial found.
 * Whoever owns the job; no allocation; a second time changes nothing. */
void withhold_job(struct job *job);

#endif
