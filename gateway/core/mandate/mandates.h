#ifndef SEGEL_GATEWAY_CORE_MANDATE_MANDATES_H
#define SEGEL_GATEWAY_CORE_MANDATE_MANDATES_H

#include "gateway/core/turn/job.h"
#include "gateway/ledger/mandates.h"
#include "gateway/ledger/record.h"

/* Mandates as the core draws on them: those that are open stand in memory, and their
 * balance is written in the transaction of the INTENTs and OUTCOMEs that change it. What
 * is taken belongs to a request id: it is given back when it is certain that no attempt
 * of the id has made a signature, and never taken twice for one id. Core thread only. */
struct core;

enum { MANDATES_OPEN_MAX = 256 };

struct mandate {
    struct ledger_mandate row;
    uint32_t in_hand; /* jobs decided in this run whose outcome is not written */
    bool unwritten;   /* the ledger does not hold the balance yet */
    int64_t told_us;  /* the seen_us that it holds */
};

struct mandates {
    /* Owned, by id: what is open, and what has ended while jobs are in hand. */
    struct mandate *items[MANDATES_OPEN_MAX];
    size_t count;
    int64_t earliest_us; /* wall clock: when the first of them ends */
    bool unwritten;      /* one of them */
    bool changed;        /* one of them has ended in this turn */
};

enum mandate_fault {
    MANDATE_FAULT_NONE,
#define MANDATE_FAULT(name, found, required, en, id) MANDATE_FAULT_##name,
#include "gateway/core/mandate/mandate.def"
#undef MANDATE_FAULT
    MANDATE_FAULTS
};

/* What can be said of a job's mandate. The zero state: it names none. */
struct mandate_view {
    enum mandate_fault fault;
    bool named;
    bool present; /* the caller's own, not ended, in its time */
    bool covers;  /* the document is on its list, or it has none */
    uint64_t left;
    int64_t wait_us; /* until its time begins; 0 = it has */
};

/* The ledger is open. SG_CORRUPT: it cannot be read, and then nothing may be signed. */
SG_MUST_USE enum sg_status mandates_start(struct core *core, struct sg_error *why);
void mandates_fini(struct mandates *mandates);

/* Inside a transaction, at the decision. SG_LEDGER only. */
SG_MUST_USE enum sg_status mandates_look(struct core *core, const struct job *job,
                                         struct mandate_view *out);
void mandate_facts(const struct mandate_view *view, struct facts *facts);
/* Refuses the job by the gateway; there is a fault. */
void mandate_refuse(const struct mandate_view *view, struct job *job);
/* For its record: static. */
const struct record_failure *mandate_failure(enum mandate_fault fault);

/* The job's INTENT is written in this transaction: it takes one of what its mandate has.
 * A job without a mandate takes nothing. */
SG_MUST_USE enum sg_status mandates_take(struct core *core, struct job *job);
/* Its outcome is known, or it is known that it never will be: inside the transaction of
 * the OUTCOME. */
SG_MUST_USE enum sg_status mandates_settle(struct core *core, struct job *job);

/* Whether a turn has something to do for them. */
bool mandates_due(const struct core *core);
/* Inside a transaction, before all decisions: ends those whose time is over. */
SG_MUST_USE enum sg_status mandates_expire(struct core *core);
/* Inside a transaction, behind all decisions: balances are as durable as the records. */
SG_MUST_USE enum sg_status mandates_write(struct core *core);
/* Once a second: what a clock that is set back must not give back. */
void mandates_age(struct core *core);

/* Inside a transaction: one more is open. It is copied. SG_NO_MEMORY. */
SG_MUST_USE enum sg_status mandates_add(struct core *core,
                                        const struct ledger_mandate *row);
/* NULL: it is not open, and has nothing in hand. */
struct mandate *mandates_find(struct core *core, const char *id);
/* Inside a transaction: it ends, with its record. reason: "" = none; by: of a person who
 * ends it, else NULL. */
struct order;
SG_MUST_USE enum sg_status mandates_close(struct core *core, struct mandate *mandate,
                                          enum mandate_state state,
                                          const struct order *by);

#endif
