#ifndef SEGEL_GATEWAY_CORE_LANE_H
#define SEGEL_GATEWAY_CORE_LANE_H

#include <sys/types.h>

#include "gateway/config.h"
#include "proto/algorithm.h"
#include "proto/base.h"
#include "proto/slice.h"

/* A lane as the core sees it: a child process that holds one token, and the operations
 * that it has in hand. Core thread only. No call blocks. */
struct lane;

enum lane_state {
    LANE_STARTING, /* spawned, has not answered yet */
    LANE_UP,
    LANE_DOWN,   /* dead; comes again after a pause */
    LANE_LATCHED /* the PIN was refused: stays down until a person has mended it */
};

/* Operations are of two kinds, because one takes ten to twenty times as long as the other:
 * each has its own window, queue and figures. Values as in proto/marks.h. */
enum lane_kind { LANE_RSA, LANE_CURVE, LANE_KINDS };

/* A key to be found on the token. spki empty = take what is there. */
struct lane_key_ref {
    const char *name;
    struct slice id;
    const char *label;
    struct slice spki;
};

/* What the token said of a key. Bits of attributes and known as in lane.proto. */
struct lane_key {
    bool usable;
    char code[32];
    char why[256];
    char type[16];
    char curve[16];
    uint32_t bits;
    uint64_t rsa_e;
    uint32_t attributes;
    uint32_t known;
    size_t spki_len;
    uint8_t spki[640];
};

struct lane_token {
    char label[33];
    char manufacturer[33];
    char model[17];
    char serial[17];
    char firmware[16];
};

/* How one operation ended. */
struct lane_result {
    enum sg_status status; /* SG_OK: the signature is there and was verified */
    char why[96];
    struct slice signature; /* borrowed during the callback */
    uint32_t hsm_us;
};

/* owner: what lane_submit was given. Called for each operation exactly once, also for
 * those that a dying lane takes with it (SG_INDETERMINATE). */
typedef void (*lane_done)(void *context, void *owner, const struct lane_result *result);

struct lane_options {
    const struct config_lane *config; /* borrowed */
    const char *program;              /* path of segel-hsm */
    const struct lane_key_ref *keys;  /* borrowed for the life of the lane */
    size_t key_count;
    uint32_t window;    /* operations in hand at most */
    int64_t timeout_us; /* without progress for so long: killed */
    int64_t start_us;   /* longest wait for the token to open */
    lane_done done;
    void *context;
};

SG_MUST_USE enum sg_status lane_new(const struct lane_options *options,
                                    struct lane **out);
/* Kills the process, without a word to the owners of what it had in hand. */
void lane_free(struct lane *lane);

/* Starts the process. SG_IO: it cannot be started; why says what is missing. */
SG_MUST_USE enum sg_status lane_start(struct lane *lane, struct sg_error *why);
/* Takes in what the lane has sent; call when lane_fd is readable. May end in LANE_DOWN or
 * LANE_LATCHED: lane_why then says why in one sentence. */
void lane_read(struct lane *lane);
/* Watchdog, start limit and restarts; call a few times a second. */
void lane_tick(struct lane *lane, int64_t now_us);
/* Readable when there is something to take in; -1 while there is no process. Changes with
 * each restart: lane_generation tells. */
int lane_fd(const struct lane *lane);
uint32_t lane_generation(const struct lane *lane);

enum lane_state lane_state(const struct lane *lane);
const char *lane_why(const struct lane *lane);
const char *lane_name(const struct lane *lane);
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

/* How many more operations the lane would take now; 0 unless LANE_UP. */
uint32_t lane_room(const struct lane *lane);
uint32_t lane_outstanding(const struct lane *lane);
/* Hands over count operations, at most lane_room. They are sent many in a frame, by
 * lane_flush at the latest. */
void lane_submit(struct lane *lane, const struct lane_op *op);
void lane_flush(struct lane *lane);

#endif
