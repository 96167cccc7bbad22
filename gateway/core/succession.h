#ifndef SEGEL_GATEWAY_CORE_SUCCESSION_H
#define SEGEL_GATEWAY_CORE_SUCCESSION_H

#include "gateway/core/order.h"

/* Inside of the core: which policy is in force, and how another one comes. */
struct succession {
    uint8_t file_sha256[32]; /* of the policy file when it was last read */
    bool is_new;             /* at the start: it is not on the log yet */
    uint64_t loads;          /* since the start, and that one */
    uint64_t rejects;
};

/* At the start the file's is in force, unless a newer one came in force before. */
SG_MUST_USE enum sg_status succession_start(struct core *core, struct sg_error *why);
/* At the start, inside its transaction: the record of a policy that is new to it. */
SG_MUST_USE enum sg_status succession_write_start(struct core *core);
/* Orders about policies: inside a transaction, and after its commit. */
SG_MUST_USE enum sg_status succession_write(struct core *core, struct order *order);
void succession_tell(const struct core *core, const struct order *order);

#endif
