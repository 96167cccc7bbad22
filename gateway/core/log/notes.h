#ifndef SEGEL_GATEWAY_CORE_LOG_NOTES_H
#define SEGEL_GATEWAY_CORE_LOG_NOTES_H

#include "gateway/ledger/ledger.h"
#include "gateway/ledger/record.h"

/* Inside of the core: events of the gateway itself, on their way to the log. */
struct core;

enum { NOTES_MAX = 320 };

/* Why jobs were answered without a decision, and so without a record of their own. */
enum unrecorded {
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

void notes_add(struct core *core, const char *type, const char *subject, const char *why);
/* Certificates that were revoked, put on hold or released since the last call. */
void notes_key_states(struct core *core);
SG_MUST_USE enum sg_status notes_write(struct core *core);
/* Counts jobs that get no record of their own, and writes the sums since the last time as
 * one "overload" record: a flood cannot become disk writes, and yet it is on the log. */
void notes_count(struct core *core, enum unrecorded kind, size_t jobs);
void notes_sum_up(struct core *core);
/* 26 characters, sortable by time, and a NUL (ULID). */
void decision_id(struct core *core, char out[LEDGER_DECISION_SIZE]);
void record_begin(const struct core *core, struct record_head *head);

#endif
