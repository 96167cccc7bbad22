#ifndef SEGEL_GATEWAY_CORE_TURN_JOB_H
#define SEGEL_GATEWAY_CORE_TURN_JOB_H

#include <stdatomic.h>

#include "gateway/core/key/key.h"
#include "gateway/core/officers/lift.h"
#include "gateway/core/turn/refusal.h"
#include "gateway/ledger/ledger.h"
#include "gateway/mbox.h"
#include "gateway/policy/policy.h"

/* Why the policy denies, in words: made only for denied jobs. */
struct denial {
    size_t count;
    struct {
        uint16_t rule; /* index in the policy */
        struct rule_why why;
    } failures[VERDICT_FAILURES];
};

enum { JOB_REMOTE = -1, JOB_TRACE_SIZE = 33 };
/* FACTS_MAX: all facts of a job that can be long, but for the keys of its caller. */
enum { JOB_APPROVAL_MAX = 128, JOB_WHY_MAX = 192, JOB_FACTS_MAX = 2048 };

/* Values as in JobClass of signing.proto, less one. */
enum job_class {
    JOB_INTERACTIVE, /* somebody is waiting */
    JOB_BULK,        /* throughput matters */
    JOB_CLASSES
};

/* One signature to be made. Exactly one thread owns a job at any time: the I/O loop that
 * made it, the core from core_submit on, then the loop again out of its reply box. */
struct job {
    struct letter letter;    /* first: the mailbox it is in */
    struct mbox *reply;      /* borrowed: where the core puts the answered job */
    void *asker;             /* borrowed, only carried: it counts its jobs, and stays */
    void *terms;             /* borrowed, likewise: what was asked of all of them */
    uint32_t item;           /* position among the asker's */
    const struct key *key;   /* borrowed from the keyring */
    struct binding *binding; /* owned share, as it was judged; NULL: not known yet */
    uint64_t status_generation;  /* of the certificate status that it was judged with */
    const struct policy *policy; /* borrowed from the binding: the one that judged */
    bool judged;                 /* it is for the core to answer */
    bool pii;                    /* something in it looks like the number of a person */
    bool again; /* what it was judged by has changed: to be judged again */
    const struct config_caller *caller; /* borrowed */
    const atomic_bool *gone;            /* borrowed: set when nobody waits any more */
    uint8_t caller_cert[32];            /* of a remote caller */
    int64_t caller_uid;                 /* of a user of this machine, else JOB_REMOTE */
    int64_t deadline_us;                /* CLOCK_MONOTONIC */
    enum job_class class;               /* which queue it waits in */
    int64_t signing_time_us;

    /* What is asked; request_hash is over all of it. */
    char request_id[LEDGER_ID_MAX + 1];
    char document_class[LEDGER_ID_MAX + 1];
    char approval_ref[JOB_APPROVAL_MAX + 1];
    char batch[LEDGER_ID_MAX + 1], mandate[LEDGER_ID_MAX + 1];
    char trace_id[JOB_TRACE_SIZE]; /* W3C trace-id; "": none. No part of what is asked */
    enum sg_profile profile;
    enum sg_scheme scheme;
    enum sg_hash hash;
    uint8_t digest[SG_HASH_MAX], to_be_signed[SG_HASH_MAX];
    bool any_digest; /* of a question: zeros stand for any of that length */
    uint8_t request_hash[32];

    /* What was judged without state, by the I/O loop. */
    struct verdict verdict;
    enum refuser refuser;
    uint8_t lift_count; /* soft rules that officers have lifted from it */
    struct job_lift lifts[JOB_LIFTS_MAX];
    struct denial *denial;          /* owned; NULL when allowed */
    struct status_view certificate; /* as the verdict saw its status */
    uint16_t facts_len;
    bool facts_cut; /* some found no room */
    bool english;   /* the language of a denial; else Indonesian */

    /* The core's own. */
    size_t caller_index; /* in the configuration */
    int64_t came_us;     /* CLOCK_MONOTONIC: since when it waits for its turn */
    STAILQ_ENTRY(job) queue;
    struct job *next_in_bucket;
    STAILQ_HEAD(, job) followers; /* same id, same content, asked while it is under way */
    int64_t intent_us, handed_us; /* CLOCK_MONOTONIC: written, given to the lane */
    int berth;                    /* index of the lane of this attempt */
    int64_t counted_day;          /* for which it counts: counter.h */
    int64_t activation;           /* in which it counts: activation.h */
    uint64_t tried;               /* bits of the lanes that failed it */
    unsigned tries;               /* attempts of this asking */
    bool unused;                  /* it failed, and certainly without use of the key */
    bool uncertain; /* an earlier attempt may have signed; of a job with mandate */
    bool draws;     /* on its mandate: mandates.h */

    /* The answer. */
    enum sg_status status;
    char why[JOB_WHY_MAX];   /* one sentence unless signed */
    bool denied;             /* a rule, or the gateway for good: its record says so */
    const char *reason;      /* static: of a denial by the gateway; NULL: none */
    struct job_refusal load; /* with SG_BUSY */
    int64_t retry_us; /* when a denial is over by itself; 0 = never, or not known */
    char decision_id[LEDGER_DECISION_SIZE];
    uint32_t attempt;
    bool replayed, on_log;
    uint64_t intent_index;
    uint64_t log_index; /* of OUTCOME, DENY or the stored OUTCOME */
    uint8_t log_hash[32];
    const struct cms_template *template; /* what the answer is built with; borrowed */
    struct cms_template *old_template;   /* owned; of earlier certificates */
    uint8_t *token; /* owned: time stamp of the signature; NULL: none yet */
    size_t token_len;
    bool downgraded; /* it goes out without one, as the policy allows */
    size_t signature_len;
    /* The largest parts, written before they are read. */
    uint8_t signature[SG_SIGNATURE_MAX];
    char facts[JOB_FACTS_MAX]; /* those that a record has to hold, as it holds them */
};
STAILQ_HEAD(job_list, job);

/* What a job owns, for whoever has one outside a pool: cleared, and given back. */
void job_init(struct job *job);
void job_fini(struct job *job);

/* Jobs of one I/O loop, made once and used again. One thread. */
struct job_pool {
    struct job_list idle;
    size_t made;
    size_t limit;
};
void job_pool_init(struct job_pool *pool, size_t limit);
void job_pool_fini(struct job_pool *pool);
/* A cleared job; NULL when limit are in use. */
struct job *job_take(struct job_pool *pool);
void job_give(struct job_pool *pool, struct job *job);

/* As it was before it was judged. */
void job_forget_verdict(struct job *job);

/* The caller went away: a job that the lane has not got yet is dropped. */
bool job_given_up(const struct job *job);
/* Refuses for load: SG_BUSY. */
void job_refuse_load(struct job *job, const struct job_refusal *refusal);
/* Refuses: sets status and sentence; what rules said of the job is not its answer. */
void job_refuse(struct job *job, enum sg_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void job_forget_denial(struct job *job);
void job_set_token(struct job *job, struct slice token); /* a copy; no memory: none */

#endif
