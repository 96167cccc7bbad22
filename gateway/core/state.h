#ifndef SEGEL_GATEWAY_CORE_STATE_H
#define SEGEL_GATEWAY_CORE_STATE_H

#include "gateway/core/log/reserve.h"
#include "gateway/core/mandate/mandates.h"
#include "gateway/core/turn/counter.h"
#include "gateway/core/turn/job.h"
#include "gateway/core/watch/clock_watch.h"

/* STATE facts: what is true in the turn of the core that writes the record, and the rules
 * that read them. Core thread only. */
struct core;

/* More than all STATE facts take together. */
enum { STATE_FACTS_MAX = 1024 };

struct state {
    struct counter *callers; /* owned: one a caller of the configuration */
    struct counter *keys;    /* owned: one a key of the ring */
    bool counters_unwritten;
    struct clock_watch clock;
    bool clock_unwritten;
    bool clock_hidden;    /* the kernel does not tell, and it was said */
    bool clock_explained; /* the gateway ends in order: the next one begins anew */
    int64_t free_bytes;   /* on the ledger's file system; -1 = not known */
    struct reserve reserve;
    int64_t turn_us; /* wall clock of this turn: one day for what it judges and counts */
    struct facts facts;       /* of the job judged last */
    const struct job *judged; /* the job whose facts those are; NULL: none of this turn */
    struct mandate_view mandate; /* of the job that is judged next, or was judged last */
    char members[STATE_FACTS_MAX];
};

/* Recalls what an earlier run has counted; the ledger is open. */
SG_MUST_USE enum sg_status state_start(struct core *core, struct sg_error *why);
void state_fini(struct state *state);
/* Looks at clock and disk: once a second, never for a job. Returns whether signing stops,
 * or goes on, for what was seen. */
bool state_look(struct core *core);
/* A turn begins. */
void state_begin_turn(struct core *core);
/* In the transaction, behind all decisions: counters are as durable as the records. */
SG_MUST_USE enum sg_status state_write(struct core *core);
/* The gateway is ended by somebody who has a reason to. */
void state_finish(struct core *core);

/* Looks at the job's mandate, for state_judge and whoever has to say no. SG_LEDGER. */
SG_MUST_USE enum sg_status state_look_at_mandate(struct core *core,
                                                 const struct job *job);
/* After state_look_at_mandate. Finishes the rules that the I/O loop has left open, in the
 * job's verdict, and words a denial anew. repeat: of the job's id, "first", "same" or
 * "other" content. */
void state_judge(struct core *core, struct job *job, const char *repeat);
/* The facts of state_judge as a record has them; empty for a job not judged by any. */
struct fact_members state_members(struct core *core, const struct job *job);
/* Those that are the same for all jobs: of clock and log. */
void state_general_facts(const struct core *core, struct facts *facts);
/* The facts of state_judge into those of the request. */
void state_add_facts(const struct core *core, const struct job *job, struct facts *facts);

/* The job's INTENT is written in this transaction: it counts. */
void state_count(struct core *core, struct job *job);
/* Its attempt has certainly made no signature. */
void state_give_back(struct core *core, const struct job *job);

#endif
