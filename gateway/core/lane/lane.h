#ifndef SEGEL_GATEWAY_CORE_LANE_LANE_H
#define SEGEL_GATEWAY_CORE_LANE_LANE_H

#include <sys/types.h>

#include "gateway/config/config.h"
#include "gateway/core/lane/told.h"
#include "proto/algorithm.h"
#include "proto/failure.h"
#include "proto/marks.h"

/* A lane as the core sees it: a child process that holds one token, and the operations
 * that it has in hand. Core thread only. No call blocks.
 *
 * A lane is its own circuit breaker: it opens (DOWN) when the token fails, hangs or dies,
 * is half-open (TRYING) when a fresh process has opened the token and its canary is under
 * way, and closed (UP) when that was signed and verified. */
struct lane;

enum lane_state {
    LANE_STARTING, /* spawned, has not answered yet */
    LANE_TRYING,   /* open; only the canary is let through */
    LANE_UP,
    LANE_DOWN,    /* dead; comes again after a pause */
    LANE_LATCHED, /* the PIN was refused: stays down until lane_unlatch */
    LANE_AWAITING /* has found its token and waits for somebody to type the PIN */
};

/* What the core says to a lane that has found its token and would log in. */
enum lane_permit {
    PERMIT_LOGIN,   /* with the PIN of its file */
    PERMIT_WAIT,    /* not now: it is asked again with each tick */
    PERMIT_PIN,     /* when somebody hands it the PIN (login.h) */
    PERMIT_ANEW,    /* what it found is out of date: a fresh process looks first */
    PERMIT_COUNTED, /* LATCHED: by the token's word the last login was a wrong PIN */
    PERMIT_NEVER    /* LATCHED */
};
/* why: of all but LOGIN and WAIT. */
typedef enum lane_permit (*lane_ask)(void *context, struct lane *lane, char *why,
                                     size_t cap);

/* Operations are of two kinds, because one takes ten to twenty times as long as the
 * other: each has its own window, queue and figures. Values as in proto/marks.h. */
enum lane_kind { LANE_RSA = MARK_RSA, LANE_CURVE = MARK_CURVE, LANE_KINDS = MARK_QUEUES };
enum lane_kind lane_kind_of(enum sg_scheme scheme);

/* How one operation ended. */
struct lane_result {
    enum sg_status status; /* SG_OK: the signature is there and was verified */
    bool unused;           /* not OK, and certain that the key was not used */
    char why[128];
    struct slice signature; /* borrowed during the callback */
    uint32_t hsm_us;
};

/* owner: what lane_submit was given. Called for each operation exactly once, also for
 * those that a dying lane takes with it: SG_INDETERMINATE, or SG_LANE_DOWN and unused for
 * those that it had not begun. */
typedef void (*lane_done)(void *context, void *owner, const struct lane_result *result);

enum { LANE_NO_CANARY = -1 };

struct lane_options {
    const struct config_lane *config; /* borrowed for the life of the lane */
    const char *program;              /* path of segel-hsm */
    const struct lane_key_ref *keys;  /* borrowed likewise */
    size_t key_count;
    int canary;         /* position of the canary among the keys, or LANE_NO_CANARY */
    uint32_t window;    /* operations of a kind in hand at most */
    int64_t timeout_us; /* without progress for so long, or for ten times what the slowest
                         * hundredth takes: killed before it is over */
    int64_t start_us;   /* longest wait for the token to open */
    int64_t canary_us;  /* between two canaries */
    int64_t retry_max_us; /* longest pause between two processes */
    lane_done done;
    lane_ask permit; /* NULL: it may always log in */
    void *context;
};

/* In the state DOWN; lane_tick starts it. */
SG_MUST_USE enum sg_status lane_new(const struct lane_options *options,
                                    struct lane **out);
/* Kills the process, without a word to the owners of what it had in hand. One that still
 * runs is reaped by nobody: lane_end comes first where the gateway goes on. */
void lane_free(struct lane *lane);
/* No process is started any more; the one that runs goes on with what it has in hand. */
void lane_dismiss(struct lane *lane);
/* Kills what runs. Whether all processes of the lane are dead and reaped: ask again. */
bool lane_end(struct lane *lane);

/* Starts the process. SG_IO: it cannot be started; why says what is missing. */
SG_MUST_USE enum sg_status lane_start(struct lane *lane, struct sg_error *why);
/* Takes in what the lane has sent, or that it is dead; call when lane_fd is readable. May
 * end in LANE_DOWN or LANE_LATCHED: lane_why then says why in one sentence. */
void lane_read(struct lane *lane);
/* Watchdog, start limit, canary and restarts; call ten times a second. */
void lane_tick(struct lane *lane, int64_t now_us);
/* Readable when there is something to take in; -1 while there is no process. Changes with
 * each process, and when one has to be buried: lane_generation tells. */
int lane_fd(const struct lane *lane);
uint32_t lane_generation(const struct lane *lane);

/* An officer allows one more login: the lane is DOWN and starts with the next tick. */
void lane_unlatch(struct lane *lane);

enum lane_state lane_state(const struct lane *lane);
const char *lane_why(const struct lane *lane);
/* Why the last process could not open its token; NONE: it could, or died. */
enum failure lane_failure(const struct lane *lane);
/* The module shows tokens, and not the one of the configuration. */
bool lane_lacks_token(const struct lane *lane);
const char *lane_name(const struct lane *lane);
const struct config_lane *lane_config(const struct lane *lane);
/* Empty until the token was open once; kept when the lane is down. */
const struct lane_token *lane_token(const struct lane *lane);
const struct lane_key *lane_key(const struct lane *lane, size_t position);

/* One operation. input: digest of hash, or with SG_HASH_NONE the message for EdDSA. */
struct lane_op {
    void *owner;
    uint32_t key;
    enum sg_scheme scheme; /* SG_SCHEME_NONE = EdDSA */
    enum sg_hash hash;
    struct slice input;
    int64_t deadline_us;
};

/* How many more operations of the kind the lane would take now; 0 unless LANE_UP. */
uint32_t lane_room(const struct lane *lane, enum lane_kind kind);
uint32_t lane_outstanding(const struct lane *lane, enum lane_kind kind);
bool lane_busy(const struct lane *lane); /* with any, of whatever kind */
/* For how long its threads find operations of the kind behind those that they have in
 * hand, or take next; in microseconds. */
int64_t lane_spare_us(const struct lane *lane, enum lane_kind kind);
/* How long one operation takes of late, and how long the lane will be busy with what it
 * has in hand; in microseconds. */
int64_t lane_mean_us(const struct lane *lane, enum lane_kind kind);
int64_t lane_p99_us(const struct lane *lane, enum lane_kind kind);
int64_t lane_load_us(const struct lane *lane);
/* When an operation of the kind that is handed over now will be done at the earliest,
 * from now; 0 when nothing of the kind is in hand: then it is tried, and shows. */
int64_t lane_wait_us(const struct lane *lane, enum lane_kind kind);
/* Hands over one operation; there must be room. They are sent many in a frame, by
 * lane_flush at the latest. */
void lane_submit(struct lane *lane, const struct lane_op *op);
void lane_flush(struct lane *lane);

const struct lane_counts *lane_counts(const struct lane *lane);

#endif
