#ifndef SEGEL_GATEWAY_CORE_LANE_LATCH_H
#define SEGEL_GATEWAY_CORE_LANE_LATCH_H

#include "gateway/core/lane/login.h"
#include "proto/status.h"

/* What is known of a token's PIN, beyond restarts and whatever the lane is called that
 * the token is on: how often it was refused since a login last went well, and that nobody
 * may try again. One login to a token at a time, so that a wrong PIN that several lanes
 * have is tried once. Core thread only. */
struct core;
struct berth;

enum latch_state {
    LATCH_OPEN,
    LATCH_CLOSED, /* no login */
    LATCH_ONCE,   /* officers allow one more */
    LATCH_SPENT   /* and that one has begun: closed, unless it goes well, or none was
                   * tried */
};

enum { LATCH_TOKEN = 33 };
struct latch {
    char token[LATCH_TOKEN]; /* "" = free; from manufacturer, model and serial number (of
                              * a token without one: its label), so a lane's new name
                              * changes nothing */
    enum latch_state state;
    uint32_t failures;
    bool unwritten;         /* must be remembered with the next commit */
    struct login_past past; /* since the gateway started */
    char why[320];
};
enum { LATCHES_MAX = 2 * CONFIG_LANES_MAX };

/* Which token it is, beyond restarts. */
void latch_identify(const struct lane_token *token, char out[LATCH_TOKEN]);
/* As lane_ask: context is the core. */
enum lane_permit latch_permit(void *core, struct lane *lane, char *why, size_t cap);
/* A login begins: the one that officers allowed is used up, durably, before it does.
 * SG_LEDGER: that could not be written; nobody may log in. */
SG_MUST_USE enum sg_status latch_spend(struct core *core, struct berth *berth);
/* The token of the berth's lane refused its PIN, to whatever process: nobody tries again,
 * and a lane that is started finds that out before its login. Counted, and on the log;
 * said again of the same refusal it changes nothing. */
void latch_close(struct core *core, struct berth *berth, const char *why);
/* The berth's lane is LATCHED just now: what its token refused is counted, once, and goes
 * to the log. */
void latch_note(struct core *core, struct berth *berth);
/* The berth's lane is in its login, or was refused just now and the latch does not know
 * it yet. */
bool latch_tries(const struct berth *berth);
/* What is known of the last login to the token counts: one that went well leaves nothing
 * of earlier failures, one that officers allowed and nobody tried is allowed still. */
void latch_settle(struct berth *berth);
/* The lane's token is no longer latched, because of another lane: it may come again. */
void latch_look(struct berth *berth);
/* How often the token of the berth's lane refused its PIN. */
uint32_t latch_failures(const struct berth *berth);

/* Inside a transaction, or as one of its own. */
SG_MUST_USE enum sg_status latches_write(struct core *core);
SG_MUST_USE enum sg_status latch_clear(struct core *core, struct berth *berth);
/* Without a gateway: takes the latch of the token that a lane of this name was last seen
 * latched on into the berth. SG_NOT_FOUND: there is none. */
SG_MUST_USE enum sg_status latch_recall(struct core *core, struct berth *berth);

#endif
