#ifndef SEGEL_GATEWAY_CORE_OFFICERS_LOCKDOWN_H
#define SEGEL_GATEWAY_CORE_OFFICERS_LOCKDOWN_H

#include "gateway/core/turn/job.h"
#include "gateway/ledger/record.h"

/* A general stop of signing: one person begins it, a quorum ends it, and it outlives the
 * gateway. From the turn on whose transaction holds its record no INTENT is written. */
struct core;
struct order;
struct ledger_request;
struct members;
struct log_place;

struct lockdown {
    bool active;
    char id[32];     /* of the last one; "" = there was none */
    char person[65]; /* who ordered it */
    char reason[257];
    int64_t since_us;
    uint64_t log_index; /* of its record, or of its end */
    uint8_t log_hash[32];
};

/* Why a job is refused while one is in force, for its record and for its caller. */
extern const struct record_failure lockdown_failure;
void lockdown_refuse(const struct lockdown *lockdown, struct job *job);

/* The ledger is open: what it says of a lock-down. SG_CORRUPT: it cannot be read, and
 * then nothing may be signed. */
SG_MUST_USE enum sg_status lockdown_start(struct core *core, struct sg_error *why);
/* Inside a transaction. *already: it was in force before. */
SG_MUST_USE enum sg_status lockdown_begin(struct core *core, const struct order *order,
                                          bool *already);
/* Inside a transaction: the incident of the one that is in force, unless it has one. */
SG_MUST_USE enum sg_status lockdown_open_incident(struct core *core);
/* Inside a transaction: whether it can be ended, and its end; members are those of the
 * grant. SG_PRECONDITION. */
SG_MUST_USE enum sg_status lockdown_check(const struct core *core, const char *id,
                                          struct sg_error *why);
SG_MUST_USE enum sg_status lockdown_end(struct core *core, struct members *members,
                                        struct log_place *place);

#endif
