#ifndef SEGEL_GATEWAY_CORE_SUCCESSION_PROPOSALS_H
#define SEGEL_GATEWAY_CORE_SUCCESSION_PROPOSALS_H

#include "gateway/core/officers/order.h"
#include "gateway/ledger/requests.h"

/* Inside of the core: policies that wait for signatures, as they were read once, so that
 * a turn has no file to parse. What stands in the ledger is the request with the text;
 * this is only how fast it is at hand. Core thread. */
struct core;

enum { PROPOSALS_MAX = 8 };

struct proposal {
    struct policy *policy;       /* owned share; NULL: free */
    struct policy_effect effect; /* on the log when it was asked for */
};
struct proposals {
    struct proposal list[PROPOSALS_MAX];
    size_t next; /* place that is used again next */
};

/* At the start: those of requests that an earlier run left pending. What cannot be read
 * is left for whoever approves it to be told. */
SG_MUST_USE enum sg_status proposals_start(struct core *core);
/* Takes a share of what the order of a request brings; nothing when it brings none. */
void proposals_take(struct proposals *proposals, const struct policy_change *change);
/* That of a stored request: read anew when it is not at hand (others took its place),
 * which takes as long as the file's tests. *out: borrowed until the next call.
 * SG_INVALID: it does not load, by this version of Segel. */
SG_MUST_USE enum sg_status proposals_find(struct core *core,
                                          const struct ledger_request *request,
                                          const struct proposal **out,
                                          struct sg_error *why);
void proposals_fini(struct proposals *proposals);

#endif
