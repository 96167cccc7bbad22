#ifndef SEGEL_GATEWAY_CORE_WATCH_REPORT_H
#define SEGEL_GATEWAY_CORE_WATCH_REPORT_H

#include "gateway/anchor/anchor.h"
#include "gateway/config/config.h"
#include "gateway/core/lane/lane.h"
#include "gateway/core/turn/ban.h"
#include "gateway/core/turn/job.h"
#include "gateway/ledger/keyreg.h"

/* What the core tells health, metrics and officers: a copy, brought up to date ten times
 * a second and whenever a lane changes its state. Nothing is decided by it. */

enum { REPORT_KEYS_MAX = 256, REPORT_MANDATES_MAX = 64 };

struct lane_report {
    char name[65];
    enum lane_state state;
    char why[256];                    /* one sentence unless up */
    struct lane_token token;          /* empty until it was open once */
    bool hardware;                    /* its assurance */
    int64_t since_us;                 /* wall clock: when it came into this state */
    uint32_t threads;                 /* sessions that sign */
    uint32_t confinement;             /* bits of Confinement in lane.proto */
    uint32_t outstanding[LANE_KINDS]; /* operations in hand */
    int64_t mean_us[LANE_KINDS];      /* C_SignInit and C_Sign, smoothed */
    int64_t p99_us[LANE_KINDS];
    uint64_t signed_count;  /* since the gateway started, like all counts here */
    uint64_t failed_count;  /* operations that the token failed or lost */
    uint64_t lost_count;    /* processes that died or were killed */
    uint64_t hung_count;    /* of these, killed by the watchdog */
    uint64_t canary_count;  /* canaries that verified */
    int64_t succeeded_us;   /* wall clock of the last verified signature; 0 = never */
    int64_t failed_us;      /* wall clock of the last failure; 0 = never */
    uint32_t pin_failures;  /* since the last login that went well */
    int64_t pin_changed_us; /* wall clock; 0 = never, or not as the last one */
    uint32_t token_flags;   /* CK_TOKEN_INFO */
};

struct key_report {
    char name[65];
    bool known;     /* a lane has opened it since the gateway started */
    bool usable;    /* and it can be used as configured, and its life allows it */
    bool serving;   /* a lane that is up holds it: a job would be taken */
    uint32_t lanes; /* that hold it */
    uint32_t lanes_up;
    uint64_t used_today;  /* signatures, made or under way, on the policy's day */
    uint64_t used;        /* in all, by the ledger */
    uint64_t berths;      /* bits: which of core_report.lanes hold it */
    struct keyreg life;   /* its row of the register; state as it counts now; NONE = an
                           * empty slot */
    uint64_t left;        /* jobs of its activation */
    uint64_t signatures;  /* made or under way, since the ledger began */
    char why[256];        /* when known and not usable: one sentence */
    uint32_t failures;    /* operations that failed since its last signature */
    char failed_why[128]; /* the last of them */
};

/* The policy in force, as text, and what came of others. */
struct policy_report {
    char id[65];
    char version[24];
    char sha256[65];
    uint64_t loads; /* that came in force, since the start and with it */
    uint64_t rejects;
};

/* How far an anchor of the log is. */
struct anchor_report {
    char name[65];
    enum anchor_state state;
    char why[ANCHOR_WHY_SIZE]; /* while failing or alarm */
    uint64_t size;             /* records that it holds */
    int64_t lag_us;            /* age of the first that it does not; 0 = it holds all */
    int64_t succeeded_us;      /* wall clock; 0 = no delivery since the start */
    uint64_t failures;         /* since the start */
};

/* Whether the machine's clock can be trusted. */
struct clock_report {
    bool known; /* the kernel tells */
    bool synchronised;
    int64_t offset_us;
    bool stepped; /* since the start, and nobody looked after it */
    bool doubted; /* past the last run by more than a day, and nobody has set it */
};

/* A mandate that is open. */
struct mandate_report {
    char id[65];
    char key[65];
    char caller[65];
    uint64_t left;
};

struct core_report {
    int64_t started_us; /* wall clock */
    bool signing; /* false: the ledger has failed or has no room, a lock-down is in force,
                   * a rule denies all jobs, or the gateway ends */
    struct ban ban;
    bool locked_down;
    char locked_down_by[65]; /* person; "" = none is in force */
    bool disk_low;
    char disk_why[160];    /* one sentence while it is */
    uint64_t disk_free;    /* bytes; 0 = none, or not known */
    uint64_t disk_total;   /* 0 = not known */
    uint32_t disk_percent; /* that are kept free */
    struct clock_report clock;
    uint64_t log_size;              /* records */
    uint64_t checkpoint_size;       /* under the last checkpoint */
    int64_t checkpoint_us;          /* wall clock: when it was stored; 0 = not since the
                                     * start */
    int64_t checkpoint_s;           /* the setting */
    uint64_t waiting[JOB_CLASSES];  /* jobs, for their turn */
    int64_t oldest_us[JOB_CLASSES]; /* how long the oldest has waited; 0 = none waits */
    struct policy_report policy;
    bool anchored;         /* the log has an anchor outside of this machine */
    int64_t anchor_age_us; /* of the oldest record that none of those holds */
    size_t anchor_count;
    struct anchor_report anchors[CONFIG_ANCHORS_MAX];
    size_t lane_count;
    struct lane_report lanes[CONFIG_LANES_MAX];
    size_t mandates_open;
    size_t mandate_count; /* the newest of them */
    struct mandate_report mandates[REPORT_MANDATES_MAX];
    size_t key_count;
    struct key_report keys[REPORT_KEYS_MAX];
};

/* One caller's part of the load. */
struct caller_report {
    const char *name; /* borrowed from the configuration */
    uint64_t jobs;    /* that wait or are under way */
    uint64_t refused[REFUSALS];
    uint64_t explains_refused; /* filled in by the services, which count them */
};

#endif
