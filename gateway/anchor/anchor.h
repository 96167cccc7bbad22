#ifndef SEGEL_GATEWAY_ANCHOR_ANCHOR_H
#define SEGEL_GATEWAY_ANCHOR_ANCHOR_H

#include <stdatomic.h>

#include "gateway/config/config.h"
#include "gateway/mbox.h"
#include "proto/tlog/note.h"

/* Anchors keep checkpoints of the log where its operator cannot change them. A thread
 * with a handle of its own to the ledger gives each anchor the newest checkpoint that is
 * stored; each folder is written to by one more, which nobody waits for when it hangs.
 * What comes of it travels to the core as a letter. Nothing here is waited for by a
 * signature. */
struct anchors;

enum {
    LETTER_ANCHOR = 18, /* the mark of its letter in the core's box; no other has it */
    ANCHOR_BY_SIZE = NOTE_NAME_MAX + 1 + 8 + 1,
    ANCHOR_LINE_MAX = 512,
    ANCHOR_TOKEN_MAX = 32768,
    ANCHOR_WHY_SIZE = 256
};

enum anchor_state {
    ANCHOR_UNTRIED, /* since the start */
    ANCHOR_WELL,
    ANCHOR_FAILING, /* out of reach, or it does not do what is asked */
    ANCHOR_ALARM    /* it contradicts the log: one of the two is not what it was */
};
/* "untried", "ok", "failing", "alarm" */
const char *anchor_state_name(enum anchor_state state);
/* What counts for log.anchor_age_s. */
static inline bool anchor_outside(const struct config_anchor *anchor)
{
    return anchor->kind != ANCHOR_DISK;
}

/* How much of the log an anchor holds. Wall clock times. */
struct anchor_hold {
    uint64_t size; /* records under the largest checkpoint that it holds */
    int64_t
        behind_us; /* when the first record behind them was written; 0 = there was none */
    int64_t seen_us; /* when that was looked up */
};

/* One delivery. It belongs to the anchor; whoever takes the letter gives it back, and
 * until then the anchor makes no other. */
struct anchor_result {
    struct letter letter; /* first */
    atomic_bool with_core;
    size_t anchor; /* index in config->anchors */
    enum anchor_state state;
    char why[ANCHOR_WHY_SIZE]; /* unless WELL */
    bool held; /* it has one checkpoint more: what follows says which. Also
                * of a FAILING authority, whose folder failed */
    struct anchor_hold hold;
    uint64_t time_s;            /* by the clock of the anchor, where it has one */
    char by[ANCHOR_BY_SIZE];    /* of a cosignature: name and id of its key */
    char line[ANCHOR_LINE_MAX]; /* of the note, with its LF */
    size_t line_len;
    uint8_t token[ANCHOR_TOKEN_MAX]; /* of a time stamp authority: its answer, DER */
    size_t token_len;
};
void anchor_result_give_back(struct anchor_result *result);

struct anchors_options {
    const struct config *config; /* borrowed, as the next two; must have anchors */
    const char *log_vkey;
    struct mbox *core; /* where the letters go */
    /* Several times a second while anchors_compare waits; false: given up. NULL: none
     * asks. */
    bool (*on_compare)(void *context);
    void *context; /* borrowed until anchors_compare is back */
};

/* What can be said of the anchors without asking them. SG_INVALID: why names the entry.
 */
SG_MUST_USE enum sg_status anchors_check(const struct config *config,
                                         struct sg_error *why);
/* Before threads start; the ledger is open. */
SG_MUST_USE enum sg_status anchors_new(const struct anchors_options *options,
                                       struct anchors **out, struct sg_error *why);
/* What an earlier run knew to be held. */
void anchors_recall(struct anchors *anchors, size_t index, uint64_t size);
/* Holds the ledger against what the anchors have: folders are read, for as long as
 * anchoring.timeout_ms in all, witnesses are asked, for anchoring.start_ms in all. An
 * anchor that cannot be reached, or does not answer in this time, costs a log line.
 * SG_CORRUPT: the ledger is older than an anchor, or another log: nothing may be signed.
 * SG_SHUTDOWN: given up. why is one sentence; both checkpoints lie beside the ledger as
 * evidence. */
SG_MUST_USE enum sg_status anchors_compare(struct anchors *anchors, struct sg_error *why);
/* After these two, before the start. */
void anchors_hold(struct anchors *anchors, size_t index, struct anchor_hold *out);

SG_MUST_USE enum sg_status anchors_start(struct anchors *anchors, struct sg_error *why);
/* Any thread: when the anchors' thread began its last turn, CLOCK_MONOTONIC. It takes one
 * a second at least, whatever the anchors do; 0: it was not started. */
int64_t anchors_beat_us(const struct anchors *anchors);
/* Ends what is under way; folders are given the last checkpoint, for as long as
 * anchoring.timeout_ms in all, 8 s at most. A thread that hangs in one is left behind,
 * without anything of ours. NULL is allowed. Letters of it that nobody took may lie in
 * the core's box, and are not to be touched again. */
void anchors_free(struct anchors *anchors);

#endif
