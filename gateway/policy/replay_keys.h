#ifndef SEGEL_GATEWAY_POLICY_REPLAY_KEYS_H
#define SEGEL_GATEWAY_POLICY_REPLAY_KEYS_H

#include "gateway/policy/replay.h"

/* Where records come from. Gives the one of that index, or the first behind it, to take,
 * which keeps nothing of it; none when there is none. SG_INVALID says that a record is no
 * good, and no source answers it. */
struct replay_source {
    enum sg_status (*fetch)(void *source, uint64_t index,
                            bool (*take)(void *context, uint64_t index,
                                         struct slice json),
                            void *context, struct sg_error *why);
    void *source; /* borrowed */
};

/* The key.facts records that decisions name, each fetched once and bound to the policy
 * that judges. Bounded: the one longest not asked for makes room. The zero state with a
 * policy and a source is ready for use. One thread. */
enum { REPLAY_KEYS_MAX = 64 };
struct replay_keys {
    const struct policy *policy; /* borrowed */
    struct replay_source from;
    struct replay_keys_row {
        uint64_t index;
        uint64_t used;          /* turn of the last use; 0 = the row is free */
        struct replay_key *key; /* owned; NULL: the record is no good, why says how */
        struct sg_error why;
    } rows[REPLAY_KEYS_MAX];
    uint64_t turn;
};

/* SG_OK with *out NULL: the record cannot be used, and why is the sentence. Others are
 * failures of the source. *out is borrowed until the next call. */
SG_MUST_USE enum sg_status replay_keys_get(struct replay_keys *keys, uint64_t index,
                                           const struct replay_key **out,
                                           struct sg_error *why);
void replay_keys_fini(struct replay_keys *keys);

#endif
