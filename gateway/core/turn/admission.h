#ifndef SEGEL_GATEWAY_CORE_TURN_ADMISSION_H
#define SEGEL_GATEWAY_CORE_TURN_ADMISSION_H

#include <stdatomic.h>

#include "gateway/config/config.h"
#include "gateway/core/turn/job.h"

/* Who may put how many jobs into the core, decided on the I/O loops before a job is made
 * for the core: counters and no lock.
 *
 *   places    queue.limit jobs in all. A caller may always have its share of them: its
 *             weight of the weights of all backends. More it may have while less than
 *             half of all places are taken. limits.jobs_per_caller bounds both.
 *   deadlines a job is taken when, at the pace at which its caller's jobs for the key are
 *             served now, it would be done in time. While no pace is known, all are.
 *
 * Numbers of callers and keys are their positions in the configuration and the keyring.
 */

/* What one caller has in the core. */
struct caller_gauge {
    atomic_uint held; /* jobs from their admission until they go back */
    atomic_uint_fast64_t refused[REFUSALS];
};

/* What waits of one caller for one key, and how fast it goes. */
struct flow_gauge {
    atomic_uint waiting[JOB_CLASSES]; /* also what is in the mailbox still */
    atomic_int_fast64_t pace_ns;      /* between two of its jobs; 0 = not known */
};

/* One key, as the core last told. */
struct key_gauge {
    atomic_int_fast64_t pace_ns; /* between two jobs of any caller; 0 = not known */
    atomic_int_fast64_t hand_us; /* from the turn of a job until it is signed */
    atomic_uint weights;         /* of the callers whose jobs wait */
};

struct admission {
    unsigned limit;         /* queue.limit */
    unsigned caller_limit;  /* limits.jobs_per_caller; 0 = none */
    uint32_t share;         /* queue.interactive_share, per cent */
    atomic_uint weight_sum; /* of all backends, as the newest configuration has them */
    uint32_t *weights;      /* owned; of each caller */
    size_t callers;
    size_t keys;
    struct caller_gauge *caller_gauges; /* owned */
    struct flow_gauge *flows;           /* owned; [key][caller] */
    struct key_gauge *key_gauges;       /* owned */
    atomic_uint load;
    atomic_uint_fast64_t dice;
};

/* SG_NO_MEMORY. The zero state is valid for _fini. */
SG_MUST_USE enum sg_status admission_init(struct admission *admission,
                                          const struct config *config);
void admission_fini(struct admission *admission);
/* The configuration was read again: who is a backend now has its share. */
void admission_follow(struct admission *admission, const struct config *config);

/* Several jobs of one caller, key and class. */
struct admission_ask {
    size_t caller;
    size_t key;
    enum job_class class;
    size_t count;
    int64_t deadline_us; /* CLOCK_MONOTONIC, like now_us */
    int64_t now_us;
};

/* Any thread. How many of the jobs, the first ones, are taken: their places are theirs
 * from now on. *why: why the others are not, and when to come back. */
SG_MUST_USE size_t admission_take(struct admission *admission,
                                  const struct admission_ask *ask,
                                  struct job_refusal *why);
/* Any thread: gives places back for which there is no job after all. */
void admission_return(struct admission *admission, const struct admission_ask *ask,
                      size_t count);
/* Any thread: more than three quarters of what the caller may have, or of all, are taken:
 * whoever can wait should. */
bool admission_crowded(const struct admission *admission, size_t caller);

/* Any thread: of all callers, since the start. */
uint64_t admission_refused(const struct admission *admission, enum refusal why);

/* Core thread. A job stands in its key's queue no more; is there again; goes back. */
void admission_left(struct admission *admission, size_t key, const struct job *job);
void admission_came_back(struct admission *admission, size_t key, const struct job *job);
void admission_over(struct admission *admission, const struct job *job);
/* One that was admitted is refused in its turn: it is counted. The time to come back is
 * about retry_us, spread so that not all come back together. */
struct job_refusal admission_refuse(struct admission *admission, const struct job *job,
                                    enum refusal why, int64_t retry_us);

#endif
