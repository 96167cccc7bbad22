#ifndef SEGEL_GATEWAY_LEDGER_MANDATES_H
#define SEGEL_GATEWAY_LEDGER_MANDATES_H

#include "gateway/ledger/ledger.h"
#include "proto/mandate.h"

/* Mandates: how many signatures officers have granted to one caller, and how many of them
 * are taken. The writer's thread; what changes, changes inside of its transaction, with
 * the records that say why. Any SG_LEDGER latches. */

/* Values as in MandateState of mandates.proto: what waits for approvals is a request
 * still. Only OPEN can become another. */
enum mandate_state {
    MANDATE_OPEN = 2,
    MANDATE_EXHAUSTED,
    MANDATE_EXPIRED,
    MANDATE_REVOKED
};
enum { MANDATE_REASON_MAX = 256 };

struct ledger_mandate {
    uint64_t number; /* in the order of opening, from 1 */
    char id[LEDGER_ID_MAX + 1];
    struct mandate_terms terms;
    enum mandate_state state;
    uint64_t used;     /* signed */
    uint64_t reserved; /* decided, and it is not known that nothing was signed */
    int64_t seen_us;   /* wall clock: the last that it is known to have lived through */
    char requester[LEDGER_ID_MAX + 1];
    char grant[LEDGER_ID_MAX + 1]; /* id of the request that opened it */
    int64_t opened_us;
    int64_t closed_us;                   /* 0 = not yet */
    char reason[MANDATE_REASON_MAX + 1]; /* of its end */
    uint64_t log_index;                  /* of the record that opened or ended it */
    uint8_t log_hash[32];
};

/* As OPEN, with nothing taken; sets mandate->number. SG_CONFLICT: the id is known. */
SG_MUST_USE enum sg_status ledger_add_mandate(struct ledger *ledger,
                                              struct ledger_mandate *mandate);
/* One document that an opened mandate is about. SG_CONFLICT: it is named already. */
SG_MUST_USE enum sg_status
ledger_add_mandate_digest(struct ledger *ledger, uint64_t mandate, struct slice digest);
/* SG_NOT_FOUND. */
SG_MUST_USE enum sg_status ledger_find_mandate(struct ledger *ledger, const char *id,
                                               struct ledger_mandate *out);
/* The oldest that is open and above a number. SG_NOT_FOUND: there is none. */
SG_MUST_USE enum sg_status ledger_next_mandate(struct ledger *ledger, uint64_t above,
                                               struct ledger_mandate *out);

/* Mandates below a number, the newest first. */
struct mandate_query {
    uint64_t below;
    const char *key;    /* "" = all */
    const char *caller; /* "" = all */
    unsigned states;    /* a bit each, 1 << state; 0 = all */
    size_t limit;
};
enum { MANDATES_LOOKED_AT = 4096 }; /* at most, for one answer */
struct mandate_page {
    struct ledger_mandate *items; /* the caller's: room for limit */
    size_t count;
    uint64_t next; /* below which to go on; 0 = there are no more */
};
/* A page may be empty before the last. */
SG_MUST_USE enum sg_status ledger_list_mandates(struct ledger *ledger,
                                                const struct mandate_query *query,
                                                struct mandate_page *page);

/* Writes used, reserved and seen_us, also of one that has ended: what was decided before
 * is finished. SG_NOT_FOUND: there is none, or they are more than its bound. */
SG_MUST_USE enum sg_status ledger_count_mandate(struct ledger *ledger,
                                                const struct ledger_mandate *mandate);
/* An open one becomes mandate->state, with closed_us, reason, its balance and its place
 * on the log. SG_NOT_FOUND: it is not open; nothing was changed. */
SG_MUST_USE enum sg_status ledger_close_mandate(struct ledger *ledger,
                                                const struct ledger_mandate *mandate);

/* SG_NOT_FOUND: the mandate does not name it. */
SG_MUST_USE enum sg_status ledger_find_mandate_digest(struct ledger *ledger,
                                                      uint64_t mandate,
                                                      struct slice digest, bool *taken);
/* Takes it, or gives it back. SG_CONFLICT: it is so already, or is not named. */
SG_MUST_USE enum sg_status ledger_take_mandate_digest(struct ledger *ledger,
                                                      uint64_t mandate,
                                                      struct slice digest, bool taken);

#endif
