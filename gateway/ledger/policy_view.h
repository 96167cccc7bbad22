#ifndef SEGEL_GATEWAY_LEDGER_POLICY_VIEW_H
#define SEGEL_GATEWAY_LEDGER_POLICY_VIEW_H

#include "gateway/ledger/reader.h"
#include "gateway/ledger/requests.h"

/* Where the log tells that a policy came in force, and that the next one did. */
struct ledger_policy_place {
    uint64_t index;   /* of its policy.load record */
    uint8_t hash[32]; /* leaf hash of that record */
    bool followed;    /* another one took its place: */
    uint64_t next;    /* the record of that one */
    uint64_t pruned;  /* records below it are not given out any more */
};
/* SG_NOT_FOUND: no policy of that SHA-256 was in force, as far as is committed. SG_IO,
 * SG_CORRUPT. */
SG_MUST_USE enum sg_status ledger_place_policy(struct ledger_reader *reader,
                                               const uint8_t sha256[32],
                                               struct ledger_policy_place *out);
/* A request with its votes, in the arena. SG_NOT_FOUND; SG_NO_MEMORY: the arena is full;
 * SG_IO, SG_CORRUPT. */
SG_MUST_USE enum sg_status ledger_read_request(struct ledger_reader *reader,
                                               const char *id, struct arena *arena,
                                               struct ledger_request *out);

#endif
