#ifndef SEGEL_GATEWAY_LEDGER_MINUTES_H
#define SEGEL_GATEWAY_LEDGER_MINUTES_H

#include "proto/arena.h"
#include "proto/slice.h"

struct ledger;

/* Minutes of ceremonies (proto/quorum/minutes.h), with the signatures so far. The
 * writer's thread; what changes, changes inside of its transaction, with its record. Any
 * SG_LEDGER latches. */
struct ledger_minutes {
    uint64_t number; /* in the order of coming, from 1; set by the ledger */
    const char *id;
    const char *ceremony; /* name of the script */
    struct slice note;    /* with its signatures; empty in lists */
    uint8_t sha256[32];   /* of the text */
    uint32_t missing;     /* persons who have not signed */
    int64_t since_us;
    uint64_t log_index; /* of the newest record about them */
    uint8_t log_hash[32];
};

/* Those of the id get another note, number of missing and place; or they are new. */
SG_MUST_USE enum sg_status ledger_put_minutes(struct ledger *ledger,
                                              const struct ledger_minutes *minutes);
/* Into the arena. SG_NOT_FOUND; SG_NO_MEMORY. */
SG_MUST_USE enum sg_status ledger_find_minutes(struct ledger *ledger, const char *id,
                                               struct arena *arena,
                                               struct ledger_minutes *out);

enum { LEDGER_MINUTES_MAX = 64 };
/* Below a number, the newest first. */
struct ledger_minutes_query {
    uint64_t below;
    size_t limit;        /* at most LEDGER_MINUTES_MAX, and as many places in out */
    struct arena *arena; /* borrowed */
};
SG_MUST_USE enum sg_status ledger_list_minutes(struct ledger *ledger,
                                               const struct ledger_minutes_query *query,
                                               struct ledger_minutes *out, size_t *count);

#endif
