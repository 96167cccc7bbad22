#ifndef SEGEL_GATEWAY_CORE_KEY_BINDING_H
#define SEGEL_GATEWAY_CORE_KEY_BINDING_H

#include <stdatomic.h>

#include "gateway/core/key/key.h"

/* What a lane said of a key when it opened it, and what the policy makes of that: the
 * gate that a key passes before its first job. Immutable; shared by the key and by the
 * jobs that were judged with it, so that a job is never signed on facts other than those
 * it was judged by. */
struct binding {
    atomic_uint holders;
    uint64_t serial;       /* no other one has, or had, the same */
    struct policy *policy; /* owned share: the one that judges jobs of this binding */
    bool usable;           /* the token can sign with it as configured */
    char why[256];         /* when not: one sentence */
    bool hardware;
    struct policy_key *facts; /* owned */
};

/* For a key at a position of an open lane. *out starts with one share, the caller's. Core
 * thread, as binding_remake. */
SG_MUST_USE enum sg_status binding_make(const struct key *key, struct policy *policy,
                                        const struct lane *lane, size_t position,
                                        struct binding **out);
/* The same facts of the token by another policy, or by other rules of the configuration,
 * while no lane can be asked. */
SG_MUST_USE enum sg_status binding_remake(const struct key *key,
                                          const struct binding *binding,
                                          struct policy *policy, struct binding **out);
/* Gives a share back; NULL is allowed. Any thread. */
void binding_give(struct binding *binding);

/* Whether the lane's token counts as hardware: the configuration says so, and it is none
 * of those that are known to be software. */
bool binding_on_hardware(const struct lane *lane);

/* What the token says of the key's period. CK_DATE names days without a zone: they are
 * those of the policy, from the beginning of the first to the end of the last. */
void binding_dates(const struct policy *policy, const struct lane_key *info,
                   struct facts *facts);

/* Which of two is the better one for the same key: usable, fewer denials by the policy,
 * hardware. Neither: false. */
bool binding_better(const struct binding *one, const struct binding *other);
/* Jobs judged with one may be signed where the other was found: the same verdicts, the
 * same assurance. */
bool binding_alike(const struct binding *one, const struct binding *other);
bool binding_equal(const struct binding *one, const struct binding *other);

#endif
