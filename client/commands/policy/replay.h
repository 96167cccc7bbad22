#ifndef SEGEL_CLIENT_COMMANDS_POLICY_REPLAY_H
#define SEGEL_CLIENT_COMMANDS_POLICY_REPLAY_H

#include "client/channel/channel.h"
#include "gateway/policy/replay.h"

/* Logged decisions, read from the gateway as a reviewer may, judged again by a policy.
 * Bound in memory whatever the log's length. */

struct policy_replay {
    const struct policy *policy;     /* judges; borrowed */
    struct replay_policies policies; /* those of the time that are at hand; borrowed */
    /* Which decisions: the last so many when last is not 0, else those of a period. */
    uint64_t last;
    int64_t from_us;  /* inclusive; 0 = from the beginning */
    int64_t until_us; /* exclusive; 0 = to the end */
    /* Called for each decision in the order of the log; any may be NULL. What they are
     * given is borrowed for the length of the call. */
    void (*judged)(void *context, const struct logged *decision,
                   const struct replay *replay);
    /* A record that cannot be judged, in one sentence. */
    void (*unreadable)(void *context, const char *sentence);
    /* done of total, in records of the log or in decisions; now and then. */
    void (*progress)(void *context, uint64_t done, uint64_t total);
    void *context;
};

struct policy_replay_sums {
    uint64_t decisions; /* all, unreadable ones among them */
    uint64_t kinds[REPLAY_KINDS];
    uint64_t unreadable;
    bool older; /* the log goes back behind the last so many: that was not judged */
};

/* Runs to the end on this thread. Failures as channel_unary; a record that cannot be
 * judged is none: it is counted. sums: what was done, also after a failure. */
SG_MUST_USE enum sg_status policy_replay(struct channel *channel,
                                         const struct policy_replay *task,
                                         struct policy_replay_sums *sums,
                                         struct sg_error *why);
/* Whether there are decisions, and each would be the same, for certain. */
bool policy_replay_agrees(const struct policy_replay_sums *sums);

#endif
