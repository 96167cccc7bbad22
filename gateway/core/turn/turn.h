#ifndef SEGEL_GATEWAY_CORE_TURN_TURN_H
#define SEGEL_GATEWAY_CORE_TURN_TURN_H

#include "gateway/core/lane/lane.h"
#include "gateway/core/turn/job.h"
#include "gateway/ledger/ledger.h"

/* What the files of the core call of each other in a turn. Core thread only. */
struct core;
struct key;

/* start.c, inside a transaction: what a receipt of this key's signatures needs. */
SG_MUST_USE enum sg_status templates_keep(struct core *core, const struct key *key);
SG_MUST_USE enum sg_status start_all(struct core *core, struct sg_error *why);

/* turn.c. SG_LEDGER: nothing may be signed any more. */
void turn_collect(struct core *core);
SG_MUST_USE enum sg_status turn(struct core *core);
bool turn_has_work(const struct core *core);
void turn_on_done(void *core, void *owner, const struct lane_result *result);
/* hand_back.c: what was answered, and what is to be judged again. */
void hand_back(struct core *core);

/* decide.c: inside a transaction. decide puts the job into admitted, answered or a
 * leader's followers, and on a failure into none; conclude into answered, or back into
 * the queue of its key for another attempt. */
SG_MUST_USE enum sg_status decide(struct core *core, struct job *job);
/* What the job was judged by, its key or the status of its certificate, is no longer so.
 */
bool decide_outdated(const struct core *core, const struct job *job);
/* A job that no lane can serve now may still have its answer in the ledger. */
SG_MUST_USE enum sg_status decide_stored(struct core *core, struct job *job,
                                         bool *answered);
SG_MUST_USE enum sg_status decide_append(struct core *core, struct job *job,
                                         struct slice text);
SG_MUST_USE enum sg_status decide_write_replay(struct core *core, struct job *job);
/* again.c: the stored answer of a claim that is signed. */
SG_MUST_USE enum sg_status decide_replay(struct core *core, struct job *job,
                                         const struct claim *claim);
void decide_claim_of(const struct job *job, enum claim_state state, struct claim *out);

SG_MUST_USE enum sg_status conclude(struct core *core, struct job *job);
/* inquiries.c: inside a transaction; inquiries_answer after its commit. */
SG_MUST_USE enum sg_status inquiries_write(struct core *core);
void inquiries_answer(struct core *core);
/* paths.c: an issuer's certificate may end while the gateway runs. */
void paths_look_after(struct core *core);

#endif
