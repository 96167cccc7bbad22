#ifndef SEGEL_GATEWAY_CORE_TURN_GROUNDS_H
#define SEGEL_GATEWAY_CORE_TURN_GROUNDS_H

#include "gateway/core/turn/job.h"
#include "gateway/core/watch/tally.h"
#include "gateway/ledger/record.h"

/* Why a judged job is refused, as its record names it: the rules that deny, the deciding
 * one first, or else what the gateway asks beside the policy file. Texts are borrowed
 * from the job, its policy and its binding. No failures: nothing speaks against it. */
struct record_decision grounds_of(const struct job *job,
                                  struct record_failure failures[VERDICT_FAILURES]);

/* Of a job with such failures: whether it is for what was asked, or for the condition of
 * gateway and key: TALLY_REQUEST, TALLY_GATEWAY. */
enum tally_kind grounds_because(const struct job *job);

/* Refuses a job that every rule allows with a key that the token cannot use. */
void grounds_unusable(struct job *job);

#endif
