#ifndef SEGEL_GATEWAY_LEDGER_REQUESTS_H
#define SEGEL_GATEWAY_LEDGER_REQUESTS_H

#include "gateway/ledger/ledger.h"
#include "proto/arena.h"

/* Requests for what no person does alone, and who agreed to them. The writer's thread,
 * inside of its transaction where something changes: a change, its effect and its record
 * come together or not at all. Any SG_LEDGER latches. */

/* Values as in ApprovalState of approvals.proto. Only PENDING can change. */
enum request_state {
    REQUEST_PENDING = 1,
    REQUEST_EXECUTED,
    REQUEST_FAILED,
    REQUEST_REFUSED,
    REQUEST_EXPIRED,
    REQUEST_VOID
};
enum { LEDGER_VOTES_MAX = 32 };

struct ledger_vote {
    const char *person;
    const char *role;
    const char *key; /* name of the verifier key; "" = a refusal */
    const char *reason;
    struct slice line; /* the signature's line of the note; empty = a refusal */
    int64_t time_us;
    bool refused;
};

struct ledger_request {
    uint64_t number; /* in the order of asking */
    const char *id;  /* unique for ever, as (person, request_id) is */
    const char *person;
    const char *request_id;
    const char *task;
    const char *object;
    const char *param;
    const char *method;
    const char *log; /* origin in what is signed; "" = of an older version: it has none */
    struct slice message; /* exactly what is signed and executed */
    uint8_t policy[32];   /* SHA-256: in force when it was asked for */
    uint8_t quorum[32];   /* likewise, of the quorum file */
    enum request_state state;
    int64_t created_us;
    int64_t not_after_us;
    enum sg_status outcome; /* of FAILED */
    const char *why;        /* how it ended; "" = by being executed, or not yet */
    uint64_t log_index;     /* of the newest record about it */
    uint8_t log_hash[32];
    size_t vote_count;
    struct ledger_vote *votes; /* the earliest first */
};

/* As PENDING, whatever else it says of its end; number and votes are not read. */
SG_MUST_USE enum sg_status ledger_add_request(struct ledger *ledger,
                                              const struct ledger_request *request);
/* What was found lives in the arena. SG_NOT_FOUND; SG_NO_MEMORY: the arena is full. */
SG_MUST_USE enum sg_status ledger_find_request(struct ledger *ledger, const char *id,
                                               struct arena *arena,
                                               struct ledger_request *out);
SG_MUST_USE enum sg_status
ledger_find_request_of(struct ledger *ledger, const char *person, const char *request_id,
                       struct arena *arena, struct ledger_request *out);
/* The oldest that is pending and above a number, without its message. SG_NOT_FOUND: there
 * is none. */
SG_MUST_USE enum sg_status ledger_next_request(struct ledger *ledger, uint64_t above,
                                               struct arena *arena,
                                               struct ledger_request *out);

/* Requests below a number, the newest first, without their messages. */
struct request_query {
    uint64_t below;
    unsigned states;  /* a bit each, 1 << state; 0 = all */
    const char *task; /* "" = all */
    size_t limit;
};
enum { REQUESTS_LOOKED_AT = 4096 }; /* at most, for one answer */
struct request_page {
    struct ledger_request *items; /* in the arena */
    size_t count;
    uint64_t next; /* below which to go on; 0 = there are no more */
};
/* A page is as long as limit and arena allow, and may be empty before the last. */
SG_MUST_USE enum sg_status ledger_list_requests(struct ledger *ledger,
                                                const struct request_query *query,
                                                struct arena *arena,
                                                struct request_page *out);

/* How many are pending, and the earliest end of one of them. */
SG_MUST_USE enum sg_status ledger_pending_requests(struct ledger *ledger, uint64_t *count,
                                                   int64_t *earliest_us);
/* How many of them are of a task. */
SG_MUST_USE enum sg_status ledger_pending_of(struct ledger *ledger, const char *task,
                                             uint64_t *count);
/* How many a person has asked for. */
SG_MUST_USE enum sg_status ledger_pending_by(struct ledger *ledger, const char *person,
                                             uint64_t *count);
/* A pending one becomes request->state, with outcome, why and place on the log.
 * SG_NOT_FOUND: it is not pending; nothing was changed. */
SG_MUST_USE enum sg_status ledger_settle_request(struct ledger *ledger,
                                                 const struct ledger_request *request);
/* Whether the person's vote, for or against, is one of those read with it. */
bool ledger_has_voted(const struct ledger_request *request, const char *person);
SG_MUST_USE enum sg_status ledger_add_vote(struct ledger *ledger, uint64_t request,
                                           const struct ledger_vote *vote);

#endif
