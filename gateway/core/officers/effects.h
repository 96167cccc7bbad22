#ifndef SEGEL_GATEWAY_CORE_OFFICERS_EFFECTS_H
#define SEGEL_GATEWAY_CORE_OFFICERS_EFFECTS_H

#include "gateway/core/log/members.h"
#include "gateway/core/officers/requests.h"

/* What tasks do. A request is what persons have signed: task, object and param stand in
 * their text, and the hash of message. Nothing else of it is read but id (empty before it
 * was asked for), person and method. */
struct effect {
    /* Whether it could be done now: when it is asked for, and inside the transaction that
     * does it. SG_NOT_FOUND, SG_PRECONDITION, …: why. */
    enum sg_status (*check)(struct core *core, const struct ledger_request *request,
                            struct sg_error *why);
    /* Inside a transaction, after check: does it, with its record, which begins with
     * these members (subject, grant, grant_sha256, requester, approvers). Any failure but
     * SG_LEDGER leaves all as it was: the request has failed then. */
    enum sg_status (*act)(struct core *core, const struct ledger_request *request,
                          struct members *members, struct log_place *place);
    /* After the commit: what is not in the ledger. NULL: nothing. */
    void (*after)(struct core *core, const struct ledger_request *request);
};

#define EFFECT(task, name) extern const struct effect effect_##name;
#include "gateway/core/officers/effects.def"
#undef EFFECT

/* As struct effect has it. SG_UNSUPPORTED: this version does not do the task. */
SG_MUST_USE enum sg_status effect_check(struct core *core,
                                        const struct ledger_request *request,
                                        struct sg_error *why);
SG_MUST_USE enum sg_status effect_do(struct core *core,
                                     const struct ledger_request *request,
                                     struct members *members, struct log_place *place);
void effect_after(struct core *core, const struct ledger_request *request);

#endif
