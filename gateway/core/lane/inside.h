#ifndef SEGEL_GATEWAY_CORE_LANE_INSIDE_H
#define SEGEL_GATEWAY_CORE_LANE_INSIDE_H

#include <sys/queue.h>

#include "gateway/core/lane/login.h"
#include "gateway/core/lane/process.h"
#include "gateway/core/lane/wire.h"
#include "gateway/core/watch/latency.h"

/* Inside of a lane: its life is in lane.c, its traffic in traffic.c, how much of it
 * in load.c, what it makes of its own health in health.c, and the process
 * itself in process.c. */

/* One operation in hand. Slots are made once and never move. */
struct slot {
    TAILQ_ENTRY(slot) link; /* idle list, or in the order of dispatch */
    void *owner;
    uint64_t id;
    enum lane_kind kind;
};
TAILQ_HEAD(slot_list, slot);

/* What the lane has in hand of one kind. The lane's own queue is first in, first out. */
struct hand {
    struct slot_list busy;
    uint32_t outstanding;
    int64_t progress_us;  /* when one last ended, or work came after none */
    int64_t overtaken_us; /* when a younger one ended before the oldest; 0 = never */
    struct latency latency;
};

struct lane {
    struct lane_options options;
    enum lane_state state;
    char why[320];
    enum failure failure;
    uint64_t failed_with; /* CK_RV of it; 0 = no call failed */
    struct process process;
    bool ebbing; /* broken; only what it has in hand is still answered */
    int64_t ebb_until_us;
    bool burying;   /* the process was killed and is not known to be dead yet */
    bool dismissed; /* no process is started any more */
    bool resting;   /* likewise, until lane_wake */
    char rest_why[128];
    struct arena arena;
    struct lane_token token;
    struct lane_key *keys;

    struct slot *slots;
    size_t slot_count;
    struct slot_list idle;
    struct hand hands[LANE_KINDS];
    uint64_t next_id;

    struct lane_op *queued; /* submitted, not yet sent */
    struct slot **queued_slots;
    uint32_t queued_count;
    uint8_t (*queued_inputs)[SG_HASH_MAX];

    int64_t looked_us; /* the last tick */
    int64_t born_us;   /* when its process was started */
    int64_t started_us;
    int64_t opened_us;    /* when it came up; 0 = not in this life */
    uint32_t life_signed; /* in this life */
    int64_t kill_us;      /* when it was told to die */
    int64_t retry_us;
    int64_t backoff_us;
    unsigned no_pin_starts; /* in a row */
    bool found;             /* the token is there, and the login is not permitted yet */
    bool logging_in;
    bool anew;               /* it is not, because a fresh process is to look first */
    bool login_left;         /* its process was, when it was lost */
    bool typed;              /* that login's PIN: nobody can try it again */
    struct login_past *past; /* borrowed: of the token; own_past before that is known */
    struct login_past own_past;
    uint64_t refused_with; /* CK_RV of the last refused login; 0 = none was tried */

    int64_t canary_us; /* when the last one was sent */
    bool canary_pending;
    uint8_t canary_digest[SG_HASH_MAX];
    uint32_t recent; /* the last operations: a bit for each that the token failed */
    unsigned recent_count;
    struct lane_counts counts;
};

/* lane.c: a new state, from now on. */
void lane_enter(struct lane *lane, enum lane_state state);
/* The process is finished and gets killed; the lane is DOWN or LATCHED, for this reason.
 * What it had in hand is told to its owners when the process is known to be dead. */
void lane_lose(struct lane *lane, enum lane_state state, const char *reason);
/* The token or module is broken, but answers: the lane is DOWN, and what it has in hand
 * gets a moment to be answered as failed, which is better to know than indeterminate. */
void lane_ebb(struct lane *lane, const char *reason);
void lane_ebb_on(struct lane *lane, int64_t now_us);
/* Looks whether the killed process is dead by now. */
void lane_bury(struct lane *lane, int64_t now_us);

/* health.c */
/* Hung: nothing of a kind came back for the whole time-out, or younger operations went
 * past the oldest one for as long (one thread of several is stuck). */
bool lane_health_hung(const struct lane *lane, int64_t now_us);
/* Since the last tick nobody looked for a while: the whole machine may have stood still,
 * and the lane with it. Of such a time only the beginning counts against the lane. */
void lane_health_forgive_pause(struct lane *lane, int64_t now_us);
/* One operation of an owner's ended. */
void lane_health_note(struct lane *lane, enum sg_status status);
/* More than half of the last 20 operations failed in the token: the breaker opens. */
bool lane_health_mostly_failing(const struct lane *lane);
void lane_health_tick(struct lane *lane, int64_t now_us);
/* The token is open: the canary first, where there is one. */
void lane_health_opened(struct lane *lane);
void lane_health_canary_done(struct lane *lane, const struct lane_result *result);
/* The pause before the next process. */
void lane_health_plan_retry(struct lane *lane, int64_t now_us);

/* traffic.c */
void traffic_put(struct lane *lane, const struct lane_op *op);
/* Tells all owners what is known of their operations. dead: the process is certainly
 * dead, so that its marks are final. */
void traffic_tell_all(struct lane *lane, bool dead);

#endif
