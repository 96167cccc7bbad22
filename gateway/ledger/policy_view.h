#ifndef SEGEL_GATEWAY_LEDGER_POLICY_VIEW_H
#define SEGEL_GATEWAY_LEDGER_POLICY_VIEW_H

#include "gateway/ledger/reader.h"

/* Where the log tells that a policy came in force, and that the next one did. */
struct ledger_policy_place {
    uint64_t index;   /* of its policy.load record */
    uint8_t hash[32]; /* leaf hash of that record */
    bool followed;    /* another one took its place: */
    uint64_t next;    /* the record of that one */
    uint64_t pruned;  /* records below it are not given out any more */
};

/* For the thread that owns the reader. SG_NOT_FOUND: no policy of that SHA-256 was in
 * force, as far as is committed. SG_IO, SG_CORRUPT. */
SG_MUST_USE enum sg_status ledger_place_policy(struct ledger_reader *reader,
                                               const uint8_t sha256[32],
                                               struct ledger_policy_place *out);

/* One time that a policy came in force. */
struct ledger_policy_row {
    uint64_t n; /* rises; the rows below it are the next page */
    uint64_t version;
    uint8_t sha256[32];
    struct ledger_policy_place place; /* without the hash */
};

/* Likewise: up to max of them, the newest first, of those with a number below `below`
 * (0: of all). SG_IO, SG_CORRUPT. */
SG_MUST_USE enum sg_status ledger_list_policies(struct ledger_reader *reader,
                                                uint64_t below, size_t max,
                                                struct ledger_policy_row *rows,
                                                size_t *count);

#endif
