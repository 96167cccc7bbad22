#ifndef SEGEL_GATEWAY_LEDGER_PRUNE_H
#define SEGEL_GATEWAY_LEDGER_PRUNE_H

#include "gateway/ledger/ledger.h"

/* Taking the texts of old records out (C2SP tlog-tiles, "minimum index"). Their hashes
 * and all tiles stay: root, checkpoints and proofs are the same before and after, and
 * whoever kept a record can still prove it. From the commit of the prune's own record on
 * no reader is given a record below it; the texts go from the file afterwards, a tile of
 * 256 at a time, so that no signature waits. Which request ids were used is not forgotten
 * (ledger_find). The writer's thread; any SG_LEDGER latches. */
enum { PRUNE_STEP = 256 };
struct ledger_prune {
    uint64_t before;   /* records below it are pruned; a multiple of PRUNE_STEP */
    uint64_t done;     /* texts below it are gone from the file */
    int64_t newest_us; /* no text of a record that was written after it goes */
    uint64_t index;    /* of its record, log.prune */
    uint8_t hash[32];
};
/* The last one; all zero when there never was one. */
SG_MUST_USE enum sg_status ledger_last_prune(struct ledger *ledger,
                                             struct ledger_prune *out);

/* What a prune would take. */
struct prune_facts {
    uint64_t first;    /* the first record that has its text now */
    uint64_t count;    /* of [first, before) */
    int64_t oldest_us; /* when the first and the last of them were written */
    int64_t newest_us;
    char size[24]; /* of the committed tree, and its root: what is to stay provable */
    char root[65];
};
/* Whether records below before can go, for all that the ledger knows: SG_INVALID: no
 * multiple of PRUNE_STEP, or gone already. SG_PRECONDITION: the newest checkpoint does
 * not cover them, or a mandate, an incident, a request, a key, an answer … still points
 * at one of them: why names it. */
SG_MUST_USE enum sg_status ledger_prune_check(struct ledger *ledger, uint64_t before,
                                              struct prune_facts *facts,
                                              struct sg_error *why);
/* In the transaction of its record, after ledger_prune_check. done is set here. */
SG_MUST_USE enum sg_status ledger_prune(struct ledger *ledger,
                                        const struct ledger_prune *prune);
/* Outside of a transaction: the texts of the next tile go, in a transaction of their own
 * that overwrites them in the file. kept: records that are younger than was agreed on,
 * which stay (a clock that went back). SG_NOT_FOUND: nothing is left to do. */
SG_MUST_USE enum sg_status ledger_prune_step(struct ledger *ledger, uint64_t *kept);

#endif
