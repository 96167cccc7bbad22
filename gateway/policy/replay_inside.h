#ifndef SEGEL_GATEWAY_POLICY_REPLAY_INSIDE_H
#define SEGEL_GATEWAY_POLICY_REPLAY_INSIDE_H

#include "gateway/policy/compiled.h"
#include "gateway/policy/replay.h"
#include "gateway/policy/unknown.h"

/* Inside of replay*.c. */
struct replay_key {
    const struct policy *policy; /* borrowed */
    struct policy_key *bound;    /* owned */
    char *name;                  /* owned */
    uint64_t index;
    bool cut;               /* the record does not hold all KEY facts */
    bool reads[FACT_COUNT]; /* by the policy */
};

/* Facts that follow from the text of the policy file. */
enum { REPLAY_OWN_FACTS = 5 };
extern const enum fact replay_own_facts[REPLAY_OWN_FACTS];
void replay_forget(struct facts *facts, const enum fact *some, size_t count);

/* All facts of the decision, as far as records and policy tell them, and which of those
 * that the policy reads are not known. then: the policy of the time; NULL when it is not
 * at hand. */
void replay_gather(const struct replay_key *key, const struct logged *decision,
                   const struct policy *then, struct facts *facts,
                   struct unknown *unknown);

#endif
