#ifndef SEGEL_GATEWAY_CORE_SUCCESSION_INSIDE_H
#define SEGEL_GATEWAY_CORE_SUCCESSION_INSIDE_H

#include "gateway/core/succession/succession.h"
#include "gateway/ledger/policy.h"

/* What the files of succession share. */
enum { SUCCESSION_NUMBER_SIZE = 24 };
const char *succession_number(uint64_t value, char out[SUCCESSION_NUMBER_SIZE]);

/* What stands in a record besides its order. */
struct succession_words {
    const uint8_t *previous;     /* SHA-256 of the policy that was in force; NULL: none */
    const struct members *grant; /* in place of the order's persons; NULL: those */
};
/* Inside a transaction: policy.load, policy.ask or policy.reject. */
SG_MUST_USE enum sg_status succession_record(struct core *core, const char *type,
                                             struct order *order,
                                             const struct succession_words *words);
/* Likewise: its text, behind its record. */
SG_MUST_USE enum sg_status succession_keep(struct core *core, const struct order *order);
/* The one in force at the last end, which need not load any more; path: of the file. */
SG_MUST_USE enum sg_status succession_read_kept(const char *path,
                                                const struct ledger_policy *kept,
                                                struct policy **out,
                                                struct sg_error *why);
/* From now on it is the one in force. */
void succession_publish(struct core *core, struct policy *policy);

#endif
