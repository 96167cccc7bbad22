#ifndef SEGEL_GATEWAY_CORE_SUCCESSION_SUCCESSION_H
#define SEGEL_GATEWAY_CORE_SUCCESSION_SUCCESSION_H

#include "gateway/core/officers/order.h"
#include "gateway/core/succession/proposals.h"

/* Inside of the core: which policy is in force, and how another one comes. */
struct succession {
    uint8_t file_sha256[32]; /* of the policy file when it was last read */
    bool is_new;             /* at the start: it is not on the log yet */
    bool refused;            /* at the start: the file's is, by the quorum file */
    char start_why[512];     /* why so, or why it was taken in spite of it */
    uint64_t loads;          /* since the start, and that one */
    uint64_t rejects;
};

struct members;
struct log_place;

/* Why neither the file nor two persons alone bring a policy in force. */
extern const char succession_ask_for_it[];

/* At the start the file's is in force, unless a newer one came in force before, or a
 * quorum file was in force last: then it takes signatures (effect_load_policy). */
SG_MUST_USE enum sg_status succession_start(struct core *core, struct sg_error *why);
/* At the start, inside its transaction: the record of a policy that is new to it. */
SG_MUST_USE enum sg_status succession_write_start(struct core *core);
/* Orders about policies: inside a transaction, and after its commit. */
SG_MUST_USE enum sg_status succession_write(struct core *core, struct order *order);
void succession_tell(const struct core *core, const struct order *order);

/* Inside a transaction: the policy that persons have signed for comes in force. grant:
 * the members of its record that name them. Any failure but SG_LEDGER leaves all as it
 * was. After the commit it is told. */
SG_MUST_USE enum sg_status succession_grant(struct core *core,
                                            const struct proposal *proposal,
                                            const struct members *grant,
                                            struct log_place *place);
void succession_tell_grant(const struct core *core, const struct proposal *proposal,
                           const char *requester);

#endif
