#ifndef SEGEL_GATEWAY_CORE_OFFICERS_GRANTS_H
#define SEGEL_GATEWAY_CORE_OFFICERS_GRANTS_H

#include <stdatomic.h>

#include "gateway/core/officers/quorum.h"
#include "gateway/ledger/requests.h"
#include "proto/digest.h"

/* Inside of the core: which quorum file is in force, and which requests end by
 * themselves. A request rests on the policy and the quorum file that its approvers saw,
 * and on a clock that goes on evenly: it is void when one of them changes. */
struct core;

struct grants {
    struct quorum *quorum;  /* owned: in force; NULL: there is none */
    struct quorum *retired; /* owned: the one before, whose names may still be in use */
    struct quorum *next;    /* owned: has_next: with the next turn; NULL: none will be */
    bool has_next;
    atomic_bool has_quorum;        /* in force; for other threads */
    int64_t since_us;              /* wall clock: since when; 0 = there never was one */
    bool is_new;                   /* at the start: it is not on the log yet */
    char file[DIGEST_SHA256_SIZE]; /* "sha256:…" of the file when it was last read, or
                                    * "none"; what is in force may be newer */
    bool file_unwritten;           /* the ledger does not know of it yet */
    uint64_t pending;
    int64_t earliest_us; /* when the first of them ends */
    bool clock_jumped;   /* since the last turn */
};

/* grants_roster.c. The file's is in force, unless officers have changed the roster since
 * the file was last read: then what they signed for. SG_INVALID: it does not fit the
 * callers of the configuration. */
SG_MUST_USE enum sg_status grants_start(struct core *core, struct sg_error *why);
/* In the start's transaction, behind the policy's record. */
SG_MUST_USE enum sg_status grants_write_start(struct core *core);
SG_MUST_USE enum sg_status grants_roster_write_start(struct core *core);
/* Another one comes in force, or the file was read anew: whether there is something to
 * do, and inside of a transaction. */
bool grants_roster_due(const struct grants *grants);
SG_MUST_USE enum sg_status grants_roster_write(struct core *core);
/* Inside a transaction: one that officers have signed for, which is taken over. grant:
 * the members of its record that name them. */
struct members;
struct log_place;
SG_MUST_USE enum sg_status grants_succeed(struct core *core, struct quorum *quorum,
                                          const struct members *grant,
                                          struct log_place *place);
/* Whether the ledger says that a quorum file was in force last. */
bool grants_had_quorum(struct core *core);
void grants_fini(struct grants *grants);

/* Whether a turn has something to do for them. */
bool grants_due(const struct core *core);
/* Inside a transaction, before anything else that may use them: another quorum file comes
 * in force, and what is over ends. */
SG_MUST_USE enum sg_status grants_write(struct core *core);
/* Inside a transaction: ends those that rest on another policy or quorum file. */
SG_MUST_USE enum sg_status grants_end_stale(struct core *core);
/* Why a pending one is over now: EXPIRED or VOID with its reason; PENDING: it is not. */
enum request_state grants_state_of(const struct core *core,
                                   const struct ledger_request *request,
                                   const char **why);
/* Inside a transaction: ends a pending one that is over, with its record. */
SG_MUST_USE enum sg_status grants_end(struct core *core, struct ledger_request *request,
                                      enum request_state state, const char *why);
/* Whether the person may have one more. SG_BUSY: there are too many, or too many of his.
 */
SG_MUST_USE enum sg_status grants_check_room(struct core *core, const char *person,
                                             struct sg_error *why);
/* Inside a transaction: after one was added or has ended. */
SG_MUST_USE enum sg_status grants_count(struct core *core);

#endif
