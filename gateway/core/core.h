#ifndef SEGEL_GATEWAY_CORE_CORE_H
#define SEGEL_GATEWAY_CORE_CORE_H

#include "gateway/config/config.h"
#include "gateway/core/turn/job.h"
#include "gateway/core/watch/report.h"

/* The single writer: ledger, lanes, idempotency. It owns all state; the I/O loops hand it
 * jobs and get them back answered. Runs on the thread that called core_new, which must
 * live as long as the process, because the lanes die with it. */
struct core;

struct core_options {
    const struct config *config; /* borrowed for the life of the core */
    struct policy *policy;       /* of the configured file; the core takes a share */
    const char *hsm_program;
    const char *version; /* of segeld, for the boot record */
    /* While it hashes, opens tokens, asks anchors; false: given up. NULL: none asks. */
    bool (*on_start)(void *context, const char *doing);
    /* While the first start ever waits for the PIN of the lane that has the log's key,
     * ten times a second on the core's thread; false: the start is given up. NULL: it is
     * not waited for. */
    bool (*on_wait)(void *context, struct core *core);
    void (*on_waited)(void *context); /* it waits no more */
    void *wait_context;               /* borrowed, of all three */
};

/* Starts the lanes and waits for their tokens, opens the ledger, closes what an earlier
 * run left open, writes the boot record and binds the keys. Beside no thread but that
 * of the local pages: it makes processes, by posix_spawn. why: the first thing that is
 * wrong, as one sentence. */
SG_MUST_USE enum sg_status core_new(const struct core_options *options, struct core **out,
                                    struct sg_error *why);
void core_free(struct core *core);

/* Immutable from core_new on: any thread. */
const struct keyring *core_keys(const struct core *core);
/* vkey of the log, for reviewers. */
const char *core_log_vkey(const struct core *core);

/* Jobs of one call that somebody wants to submit. */
struct core_ask {
    const struct config_caller *caller; /* of the core's configuration */
    const struct key *key;              /* of its keyring */
    enum job_class class;
    size_t count;
    int64_t deadline_us; /* CLOCK_MONOTONIC */
};

/* Any thread, without a lock. How many of them, the first ones, may be submitted: their
 * places are kept until they come back or are withdrawn. *why is set when not all may:
 * why the others may not, and when it is worth to ask again (admission.h has the rules).
 */
SG_MUST_USE size_t core_admit(struct core *core, const struct core_ask *ask,
                              struct job_refusal *why);
/* Gives back the places of count jobs that are not submitted after all. */
void core_withdraw(struct core *core, const struct core_ask *ask, size_t count);
/* Any thread, without a lock: whoever can hold jobs of this caller back should. */
bool core_crowded(const struct core *core, const struct config_caller *caller);

/* Any thread. Gives count admitted jobs away, all or none, in order; they come back by
 * job->reply. SG_SHUTDOWN: the gateway ends; SG_LEDGER: it has stopped signing. On both
 * the caller still owns the jobs, and their places. */
SG_MUST_USE enum sg_status core_submit(struct core *core, struct letters *jobs,
                                       size_t count);
/* Any thread. The same for jobs that came back to be judged again: they kept their places
 * and go before their callers' other jobs. On a failure their places are given back. */
SG_MUST_USE enum sg_status core_submit_again(struct core *core, struct letters *jobs,
                                             size_t count);
/* Any thread: a share of the policy in force, to be given back with policy_free. */
struct policy *core_take_policy(struct core *core);
/* Any thread, and as long as the core lives: overrides.h. */
struct override_board *core_overrides(struct core *core);
/* Any thread: whether a quorum file is in force. */
bool core_has_quorum(const struct core *core);

/* On the core's thread, before core_run: threads begin to give the anchors what they do
 * not hold yet. */
SG_MUST_USE enum sg_status core_start_anchors(struct core *core, struct sg_error *why);

/* Runs until core_finish, then finishes what is under way, writes the last checkpoint and
 * returns SG_OK; or SG_LEDGER as soon as the ledger fails: the process must end.
 * on_tick comes ten times a second on this thread. */
SG_MUST_USE enum sg_status core_run(struct core *core, void (*on_tick)(void *context),
                                    void *context);
/* On the core's thread (from on_tick). */
void core_finish(struct core *core);
/* On the core's thread. Whether a policy file with these bytes is no news: it is the one
 * in force, or was read before and has not changed since. */
bool core_knows_policy(const struct core *core, const uint8_t sha256[32]);
/* Likewise. SG_PRECONDITION: its version is not above that in force. */
SG_MUST_USE enum sg_status core_weigh_policy(const struct core *core,
                                             const struct policy *policy,
                                             struct sg_error *why);
/* An order that it comes in force, for core_order. Takes the share in any case. NULL: no
 * memory. The caller owns the order. */
struct order;
SG_MUST_USE struct order *core_policy_order(struct policy *policy);
/* On the core's thread: the order will be given; its file is no news from now on. */
void core_know_policy(struct core *core, const struct order *order);
/* A file that was refused: recorded with the next turn. sha256: NULL when it could not be
 * read. */
void core_reject_policy(struct core *core, const uint8_t *sha256, const char *fault);
/* Likewise: the quorum file as it was read anew (quorum.h), NULL: there is none any more.
 * It comes in force with the next turn, and is no news when it says the same. Takes it
 * over. */
struct quorum;
/* Before: whether the roster that is in force goes on with that configuration, where its
 * file, which is NULL when there is none, has not changed. SG_INVALID. */
SG_MUST_USE enum sg_status core_weigh_quorum(const struct core *core,
                                             const struct config *config,
                                             const struct quorum *file,
                                             struct sg_error *why);
void core_take_quorum(struct core *core, struct quorum *quorum);
/* Without a running gateway: whoever owns its machine allows a latched lane one more
 * login. It is on the log. SG_NOT_FOUND: no such lane; SG_PRECONDITION: it is not
 * latched, there is no ledger; SG_LEDGER: it is in use or cannot be written. */
SG_MUST_USE enum sg_status core_unlatch(const struct config *config, const char *lane,
                                        struct sg_error *why);
/* Any thread, once: the ledger holds what Segel did not write, says who reads it; finding
 * is one sentence. Nothing is signed from the next tick on, core_run ends with SG_LEDGER,
 * and the next start reads the whole log before it believes it. */
void core_condemn(struct core *core, const char *finding);
/* On the core's thread, after core_run failed: one sentence why; "" when not known. */
const char *core_why(const struct core *core);
/* Likewise: ends a lock-down where no quorum file is configured. It is on the log.
 * SG_PRECONDITION: a quorum file, no lock-down or no ledger; SG_LEDGER as above. */
SG_MUST_USE enum sg_status core_release_lockdown(const struct config *config,
                                                 struct sg_error *why);
/* Jobs that the core holds, in all states. */
unsigned core_load(const struct core *core);
/* Any thread: copies what the core last said of itself. */
void core_report(struct core *core, struct core_report *out);
/* The same of one key, by its place in the ring; false: there is none. */
bool core_report_key(struct core *core, size_t index, struct key_report *out);
/* Any thread, without a lock: one for each caller of the configuration. */
void core_report_callers(const struct core *core, struct caller_report *out);
/* Any thread, without a lock: when the core's thread last came round, and when to all
 * lanes (CLOCK_MONOTONIC); ten times a second unless it hangs. */
int64_t core_beat_us(const struct core *core, int64_t *lanes_us);
/* Any thread, without a lock, as long as the core lives: stages.h, tally.h. */
struct stages;
struct tally;
const struct stages *core_stages(const struct core *core);
const struct tally *core_tally(const struct core *core);
/* Any thread, without a lock: another number means that a lane or key changed its state
 * since. For whoever would otherwise copy in vain. */
uint64_t core_report_version(const struct core *core);

#endif
