#ifndef SEGEL_GATEWAY_CORE_CEREMONY_PIN_CHANGE_H
#define SEGEL_GATEWAY_CORE_CEREMONY_PIN_CHANGE_H

#include "gateway/core/ceremony/wire.h"
#include "gateway/core/lane/lane.h"

/* Another PIN for the token of a lane: officers have agreed, somebody types it on the
 * gateway's machine, a ceremony tells the token. One after the other in all the gateway.
 * Core thread only.
 *
 * Where it is stands in the ledger before each step. A change that broke off while the
 * token may have been told is settled before any lane of the token logs in: its new PIN
 * is tried once. When nobody can know, the token is latched, so that nobody tries what
 * may be wrong. */
struct berth;
struct core;

enum pin_change_state {
    PIN_CHANGE_NONE,
    PIN_CHANGE_GRANTED, /* the new PIN is awaited */
    PIN_CHANGE_BEGUN,   /* it was typed: the token may have been told */
    PIN_CHANGE_SETTLING /* and its one try may have been made */
};

/* The PIN file as it was before the change. The zero state is none. */
struct pin_change_file {
    uint64_t inode;
    int64_t written_ns; /* since 1970 */
};

struct pin_change {
    enum pin_change_state state;
    char lane[65];
    char request[65];
    int64_t until_us; /* CLOCK_MONOTONIC, of GRANTED; 0: of an earlier run */
    int pipe;         /* owned: what was typed; -1 = nothing */
    bool last_try;
    struct pin_change_file file;
    /* What came of the last one. */
    char last_lane[65];
    int64_t last_us; /* wall clock, of one that was done */
    bool done;
    char why[320];
};

/* What an earlier run has left. */
SG_MUST_USE enum sg_status pin_change_start(struct core *core);
void pin_change_fini(struct core *core);
bool pin_change_is(enum rite rite);
/* As ceremony_pick and ceremony_settle. */
bool pin_change_pick(struct core *core);
SG_MUST_USE enum sg_status pin_change_settle(struct core *core, bool *again);
/* Whether the token of the berth may know another PIN than its lanes: nobody logs in. */
bool pin_change_unsettled(const struct core *core, const struct berth *berth);
/* Whether the credential of this lane was written before the last change of its PIN: a
 * login with it is refused. */
bool pin_change_outdates(const struct core *core, const struct config_lane *lane);
/* What its lanes are told then: one that awaits its PIN can rest, and nobody's is taken
 * (pins.c). */
enum lane_permit pin_change_permit(char *why, size_t cap);

#endif
