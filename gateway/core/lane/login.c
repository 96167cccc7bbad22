#include "gateway/core/lane/login.h"

#include <stdio.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/core/lane/inside.h"
#include "gateway/log.h"

enum { CKR_PIN_INCORRECT_ = 0xa0 };
#define CKR_VENDOR_DEFINED_ 0x80000000U

/* A PIN that was typed is gone with the pipe: neither lane nor gateway could try it
 * again. */

static void log_in(struct lane *lane, int pipe, bool last_try)
{
    lane->found = false;
    lane->logging_in = true;
    lane->typed = pipe >= 0;
    lane->unanswered = false;
    lane->was_low = (lane->token.flags & TOKEN_PIN_COUNT_LOW) != 0;
    lane->started_us = clock_mono_us();
    lane_enter(lane, LANE_STARTING);
    if (wire_permit(lane->process.socket, pipe, last_try) != SG_OK) {
        lane_lose(lane, LANE_DOWN, "the lane ended before it could log in");
    }
}

static void await(struct lane *lane, const char *why)
{
    (void)snprintf(lane->why, sizeof(lane->why), "%s", why);
    if (lane->state != LANE_AWAITING) {
        lane_enter(lane, LANE_AWAITING);
    }
}

static void ask(struct lane *lane, int64_t now_us)
{
    char why[sizeof(lane->why)] = "";
    enum lane_permit permit = PERMIT_LOGIN;

    if (lane->options.permit != NULL) {
        permit = lane->options.permit(lane->options.context, lane, why, sizeof(why));
    }

    lane->started_us = now_us; /* nobody else's time counts against it */
    if (permit == PERMIT_LOGIN) {
        log_in(lane, -1, false);
    } else if (permit == PERMIT_PIN) {
        await(lane, why);
    } else if (permit == PERMIT_NEVER) {
        lane->failure = FAILURE_LATCHED;
        lane_lose(lane, LANE_LATCHED, why);
    }
}

/* --- Logins without an answer ------------------------------------------------------- */

/* For whoever looks at the lane, and on the log, which is told the first failure only. */
static void tell_pause(struct lane *lane)
{
    size_t used = strlen(lane->why);
    long long minutes = lane_login_pause_us(lane) / 60000000;

    if (minutes > 0) {
        (void)snprintf(lane->why + used, sizeof(lane->why) - used,
                       "; %u logins in a row ended without an answer, each may have been "
                       "a wrong PIN: the next one in %lld min",
                       lane->unclear_logins, minutes);
        log_event(LOG_WARN, "lane.pauses", "lane", lane_name(lane), "why", lane->why,
                  NULL);
    }
}

/* Its mark is final once it is dead: it still waited for word whether it may log in. */
static bool was_not_begun(const struct lane *lane, bool dead)
{
    return dead && atomic_load(&lane->process.marks->waits) == 1;
}

/* Killed or crashed in it, or answered by a code of the vendor's own: that may be a wrong
 * PIN, and a trouble that passes as well. */
void lane_login_left(struct lane *lane, bool dead)
{
    bool vendors = lane->failed_with >= CKR_VENDOR_DEFINED_;
    bool left = lane->login_left && !was_not_begun(lane, dead);

    lane->login_left = false;
    if (!left) {
        return;
    }
    lane->unanswered = lane->failure != FAILURE_CONFIG;
    if (!lane->typed && (lane->failure == FAILURE_NONE || vendors)) {
        lane->unclear_logins++;
        tell_pause(lane);
    }
}

void lane_login_forget(struct lane *lane)
{
    lane->unanswered = false;
    lane->unclear_logins = 0;
}

int64_t lane_login_pause_us(const struct lane *lane)
{
    enum { SOON = 3, LONGEST_MIN = 15 };
    static const int64_t minute_us = 60000000;

    if (lane->unclear_logins < SOON) {
        return 0;
    }
    unsigned doubled = lane->unclear_logins - SOON;
    int64_t minutes = doubled < 4 ? 1LL << doubled : LONGEST_MIN;
    return minutes * minute_us;
}

/* The token's own word on a login that nobody answered. */
static bool was_refused(const struct lane *lane, const struct lane_token *now)
{
    return lane->unanswered && !lane->was_low &&
           (now->flags & TOKEN_PIN_COUNT_LOW) != 0 &&
           strcmp(lane->token.serial, now->serial) == 0 &&
           strcmp(lane->token.label, now->label) == 0;
}

static void latch_refused(struct lane *lane)
{
    char why[sizeof(lane->why)];

    (void)snprintf(why, sizeof(why),
                   "token '%s' says that a wrong PIN was tried, and did not before the "
                   "last login, which ended without an answer: it counts as refused",
                   lane->token.label);
    lane_login_forget(lane);
    lane->failure = FAILURE_LATCHED;
    lane->refused_with = CKR_PIN_INCORRECT_;
    lane_lose(lane, LANE_LATCHED, why);
}

void lane_on_found(struct lane *lane, const struct lane_token *token)
{
    if (lane->state != LANE_STARTING || lane->found || lane->logging_in) {
        lane_lose(lane, LANE_DOWN, "the lane found its token twice");
        return;
    }
    bool refused = was_refused(lane, token);
    lane->token = *token;
    if (refused) {
        latch_refused(lane);
        return;
    }
    lane->found = true;
    ask(lane, clock_mono_us());
}

void lane_ask_again(struct lane *lane, int64_t now_us)
{
    if (lane->found && !lane->burying && lane->process.socket >= 0 &&
        (lane->state == LANE_STARTING || lane->state == LANE_AWAITING)) {
        ask(lane, now_us);
    }
}

enum sg_status lane_take_pin(struct lane *lane, int pipe, bool last_try)
{
    if (lane->state != LANE_AWAITING || !lane->found || lane->process.socket < 0) {
        return SG_PRECONDITION;
    }
    log_in(lane, pipe, last_try);
    return lane->state == LANE_STARTING ? SG_OK : SG_IO;
}

bool lane_logging_in(const struct lane *lane)
{
    return lane->logging_in;
}

uint64_t lane_refused_with(const struct lane *lane)
{
    return lane->refused_with;
}
