#ifndef SEGEL_GATEWAY_CORE_CORE_INSIDE_H
#define SEGEL_GATEWAY_CORE_CORE_INSIDE_H

#include <event2/event.h>
#include <stdatomic.h>

#include "gateway/core/binding.h"
#include "gateway/core/core.h"
#include "gateway/core/inflight.h"
#include "gateway/core/lane.h"

/* Inside of the core: one struct, cut into files by what they do.
 *   core.c        making and running      start.c       ledger, lanes, keys at start
 *   berth.c       lanes come and go       route.c       which lane serves a key's job
 *   turn.c        one turn of the writer  decide.c      what becomes of a new job
 *   conclude.c    what came of it         orders.c      what officers and files ask for
 *   checkpoint.c  signed tree heads       notes.c       events that go on the log
 *   reload.c      a new list of lanes     report.c      what others may know */

enum { NOTES_MAX = 320, TURN_DECISIONS = 256, NO_BERTH = -1 };

/* Why jobs were answered without a decision, and so without a record of their own. */
enum unrecorded {
    UNRECORDED_BUSY,    /* the queue was full; counted by the I/O loops too */
    UNRECORDED_NO_LANE, /* the HSM was away */
    UNRECORDED_EXPIRED, /* the deadline passed in the queue */
    UNRECORDED_GIVEN_UP,
    UNRECORDED_KINDS
};

/* An event of the gateway itself, on its way to the log. */
struct gateway_note {
    const char *type; /* static */
    char subject[65];
    char why[256];
};

/* A lane with what the core keeps beside it. */
struct berth {
    struct lane *lane;         /* owned; NULL = the berth is free */
    const struct config *config; /* borrowed: the one that names this lane */
    struct lane_key_ref *refs; /* owned: what the lane is asked for, in their order */
    size_t ref_count;
    int16_t *positions;  /* owned: of each key of the ring in refs; -1 = not asked for */
    int log_position;    /* of the log key; -1 = not here */
    uint32_t planned[LANE_KINDS]; /* admitted in this turn, not yet handed over */
    struct event *readable;
    uint32_t generation;  /* of the lane that readable watches */
    enum lane_state seen; /* last state that was noted on the log */
    bool told;            /* it was noted as up or down at least once */
    bool leaving;         /* takes no more work; is freed when it has none in hand */
    bool latch_unwritten; /* the latch must be remembered with the next commit */
    uint32_t pin_failures;
};

/* A key's jobs and lanes. */
struct route {
    struct job_list waiting; /* judged, not yet decided */
    uint64_t berths;         /* bits: lanes that may serve it */
    int64_t dark_us;         /* since when none of them is up; 0 = one is */
};

struct core {
    struct core_options options;
    struct reloaded *reloaded; /* owned: later configurations that lanes refer to */
    struct keyring keyring;
    struct berth berths[CONFIG_LANES_MAX];
    size_t berth_count;   /* one behind the last that is in use */
    struct route *routes; /* owned: one a key of the ring */
    size_t next_route;    /* who is served first in the next turn */
    struct report_board board;
    struct ledger *ledger;
    struct event_base *base;
    struct event *mail;
    struct event *tick;
    struct event *commit;
    struct mbox mailbox;
    atomic_uint load;
    atomic_bool broken; /* the ledger has failed */

    struct inflight inflight;
    struct job_list finished; /* back from a lane, OUTCOME not yet written */
    struct job_list again;    /* being written down as failed, to be tried once more */
    struct job_list admitted; /* INTENT written in this turn */
    struct job_list answered; /* to be handed back after the commit */
    struct letters orders;    /* not yet carried out */
    struct letters obeyed;    /* to be handed back after the commit */
    size_t waiting_count;
    size_t finished_count;
    int64_t committed_us; /* when the last turn ended */
    int64_t service_us;   /* between two results of the lanes, on average */
    unsigned ticks;
    bool commit_armed;
    bool ending;
    bool ended;
    void (*on_tick)(void *context);
    void *tick_context;

    atomic_uint_fast64_t unrecorded[UNRECORDED_KINDS]; /* since the last summary */
    struct gateway_note notes[NOTES_MAX];
    size_t note_count;
    size_t notes_lost; /* events that found no place since the last summary */

    char log_vkey[320];
    uint8_t log_public[32];
    size_t log_berth;
    bool log_key_seen; /* its lane has shown it, and it is the one of the ledger */
    uint8_t checkpoint_text[512];
    size_t checkpoint_len;
    bool checkpoint_pending;
    bool checkpoint_failed; /* said once on the log line */
    int64_t checkpoint_us;

    uint8_t randomness[1024];
    size_t randomness_left;
};

/* start.c */
SG_MUST_USE enum sg_status start_all(struct core *core, struct sg_error *why);

/* berth.c. Opening takes a free berth and makes the lane, which starts with its first tick;
 * config must live as long as the berth is in use. */
SG_MUST_USE enum sg_status berth_open(struct core *core, const struct config *config,
                                      size_t lane, struct sg_error *why);
void berth_close(struct core *core, size_t index);
/* What a configuration says of where a key is. */
const struct config_key *berth_placement(const struct config *config,
                                         const struct key *key);
struct berth *berth_find(struct core *core, const char *name);
/* Ticks all lanes, notes what changed, watches their sockets. */
void berths_look_after(struct core *core);
/* A lane came up, went down or left: what follows for keys, log and log lines. Returns
 * whether anything changed. */
bool berth_note(struct core *core, size_t index);
/* Notes it as up or down. */
void berth_tell(struct core *core, struct berth *berth, bool up);
void berths_fini(struct core *core);

/* route.c */
SG_MUST_USE enum sg_status routes_make(struct core *core);
size_t route_index(const struct core *core, const struct key *key);
/* Binds every key to what the lanes that are up say of it. Keys whose lanes are all down
 * stay as they are. */
SG_MUST_USE enum sg_status routes_bind(struct core *core, struct sg_error *why);
/* Where the key's next job goes: the lane that would be done with its work first, of those
 * that are up, have room and are not in the bits of avoid. NO_BERTH: none now. */
int route_choose(const struct core *core, size_t route, uint64_t avoid);
/* No lane has been up for longer than jobs wait for one, or none can come. */
bool route_gone(const struct core *core, size_t route, int64_t now_us);
/* Why: one sentence of a lane that is down. */
const char *route_why(const struct core *core, size_t route);
void routes_note_dark(struct core *core, int64_t now_us);
/* Another lane than those of avoid could take a job of the key now. */
bool route_other(const struct core *core, size_t route, uint64_t avoid);

/* turn.c. SG_LEDGER: nothing may be signed any more. */
void turn_collect(struct core *core);
SG_MUST_USE enum sg_status turn(struct core *core);
bool turn_has_work(const struct core *core);
void turn_on_done(void *core, void *owner, const struct lane_result *result);

/* decide.c: inside a transaction. decide puts the job into admitted, answered or a
 * leader's followers, and on a failure into none; conclude into answered, or back into
 * the queue of its key for another attempt. */
SG_MUST_USE enum sg_status decide(struct core *core, struct job *job);
/* A job that no lane can serve now may still have its answer in the ledger. */
SG_MUST_USE enum sg_status decide_stored(struct core *core, struct job *job,
                                         bool *answered);
SG_MUST_USE enum sg_status decide_append(struct core *core, struct job *job,
                                         struct slice text);
SG_MUST_USE enum sg_status decide_write_replay(struct core *core, struct job *job);
void decide_claim_of(const struct job *job, enum claim_state state, struct claim *out);

/* conclude.c */
SG_MUST_USE enum sg_status conclude(struct core *core, struct job *job);

/* orders.c: inside a transaction; orders_obey after its commit. */
SG_MUST_USE enum sg_status orders_write(struct core *core);
void orders_obey(struct core *core);
/* PIN failures and latches that an earlier run left. */
SG_MUST_USE enum sg_status latch_recall(struct core *core, struct berth *berth);
SG_MUST_USE enum sg_status latches_write(struct core *core);
SG_MUST_USE enum sg_status latch_clear(struct core *core, struct berth *berth);

/* reload.c */
void reload_fini(struct core *core);

/* checkpoint.c */
void checkpoint_tick(struct core *core, int64_t now_us, bool now);
void checkpoint_done(struct core *core, const struct lane_result *result);
/* Takes the log key as its lane shows it, or as the ledger remembers it while that is
 * down, and holds the last checkpoint against it. */
SG_MUST_USE enum sg_status checkpoint_start(struct core *core, struct sg_error *why);

/* report.c: brings the board up to date. changed: a state changed, not only a count. */
void report_update(struct core *core, bool changed);

/* notes.c */
void notes_add(struct core *core, const char *type, const char *subject, const char *why);
SG_MUST_USE enum sg_status notes_write(struct core *core);
/* Counts jobs that get no record of their own, and writes the sums since the last time as
 * one "overload" record: a flood cannot become disk writes, and yet it is on the log. */
void notes_count(struct core *core, enum unrecorded kind, size_t jobs);
void notes_sum_up(struct core *core);
/* 26 characters, sortable by time, and a NUL (ULID). */
void decision_id(struct core *core, char out[LEDGER_DECISION_SIZE]);
struct record_head;
void record_begin(const struct core *core, struct record_head *head);

#endif
