#ifndef SEGEL_GATEWAY_CORE_OFFICERS_OVERRIDES_H
#define SEGEL_GATEWAY_CORE_OFFICERS_OVERRIDES_H

#include <pthread.h>
#include <stdatomic.h>

#include "gateway/core/turn/job.h"
#include "gateway/ledger/overrides.h"
#include "gateway/ledger/record.h"

/* Soft rules that officers have lifted for one key, one caller and a limited time. The
 * I/O loops judge by what the board shows; the core, which alone knows how many jobs are
 * left, has the last word in the turn that writes the INTENT. They end with their time,
 * their jobs, another policy, and when the clock was set. */
struct core;
struct ledger_request;

enum { OVERRIDES_MAX = 16, OVERRIDE_JOBS_MAX = 100000, OVERRIDE_LIFE_S = 86400 };

struct override {
    struct ledger_override is; /* what was signed for; used: INTENTs that did not fail */
    uint64_t under_way;        /* of those, without an OUTCOME yet */
    bool unwritten;            /* the ledger has another count */
    bool clock_is_back;        /* the clock was set back before this start */
};

/* What other threads may see: those that have jobs left. */
struct override_board {
    pthread_mutex_t lock; /* leaf */
    atomic_uint count;    /* 0: nobody takes the lock */
    struct ledger_override list[OVERRIDES_MAX];
};

struct overrides {
    struct override list[OVERRIDES_MAX];
    size_t count;
    bool unwritten; /* one of them is */
    struct override_board board;
};

void overrides_init(struct overrides *overrides);
void overrides_fini(struct overrides *overrides);
/* What the ledger says is open. */
SG_MUST_USE enum sg_status overrides_start(struct core *core, struct sg_error *why);

/* Any thread, behind policy_judge_early: lifts what may be lifted from the job, and notes
 * it there. facts: those of the verdict. */
void overrides_offer(struct override_board *board, const struct facts *facts,
                     struct job *job);

/* Whether all that was lifted from the job still may be; else it is judged again. */
bool overrides_hold(const struct core *core, const struct job *job);
/* Behind state_judge, of an allowed job: which of its lifts it needs. */
void overrides_mark(struct core *core, struct job *job);
/* Behind state_judge: those that it needs, or would need if nothing else denied it. Its
 * INTENT or DENY names them; room for JOB_LIFTS_MAX. */
size_t overrides_name(const struct core *core, const struct job *job,
                      struct record_lift *out);
/* Its INTENT is written in this transaction; its attempt has come to an end. */
void overrides_use(struct core *core, const struct job *job);
void overrides_conclude(struct core *core, struct job *job, bool failed);
/* At the end of a turn, inside its transaction: counts, and what is over. */
bool overrides_due(const struct core *core);
SG_MUST_USE enum sg_status overrides_write(struct core *core);
/* Inside a transaction: one more, whose record was written. */
SG_MUST_USE enum sg_status overrides_open(struct core *core,
                                          const struct ledger_override *override);

#endif
