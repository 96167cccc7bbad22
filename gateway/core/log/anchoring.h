#ifndef SEGEL_GATEWAY_CORE_LOG_ANCHORING_H
#define SEGEL_GATEWAY_CORE_LOG_ANCHORING_H

#include "gateway/anchor/anchor.h"
#include "gateway/core/watch/report.h"

/* What anchors have of the log, as the core knows it: on the record, for the fact
 * log.anchor_age_s, and over a restart. Core thread only. */
struct core;

struct anchor_seat {
    enum anchor_state state;
    char why[ANCHOR_WHY_SIZE];
    struct anchor_hold hold;
    int64_t succeeded_us; /* wall clock of the last delivery; 0 = none since the start */
    uint64_t failures;    /* since the start */
    enum anchor_state recorded; /* what the last record said */
    int64_t recorded_us;        /* CLOCK_MONOTONIC */
    uint64_t recorded_size;     /* what it held then */
};

struct anchoring {
    struct anchors *anchors; /* owned; NULL: none are configured */
    struct letters mail;     /* of theirs, not yet on the log */
    struct anchor_seat seats[CONFIG_ANCHORS_MAX];
    bool still;           /* it was told that their thread stands still */
    uint64_t own_size;    /* of the log, behind the newest record of these */
    uint64_t others_size; /* and before them, behind the newest one of others */
};

/* Looks back: see anchors_compare. The ledger is open and the log key is known.
 * on_compare: asked of the core. */
SG_MUST_USE enum sg_status anchoring_start(struct core *core, bool (*on_compare)(void *),
                                           struct sg_error *why);
/* In the transaction: what came since the last one. */
SG_MUST_USE enum sg_status anchoring_write(struct core *core);
/* Once a second: tells of the anchors' thread that it stands still, and when it goes on,
 * and takes no moment for the age of what is not held that has not come. No signature
 * waits for it, so it is no reason to end the process. */
void anchoring_look(struct core *core);
/* Records were committed. */
void anchoring_grew(struct core *core);
/* Whether enough anchors outside of this machine hold the first size records; true where
 * none is configured. */
bool anchoring_holds(const struct core *core, uint64_t size);
/* Age of the oldest record that too few anchors outside of this machine hold, by
 * anchoring.quorum; 0 = all are held. False: no such anchor is configured. */
bool anchoring_age_us(const struct core *core, int64_t *age_us);
void anchoring_report(const struct core *core, struct core_report *report);

#endif
