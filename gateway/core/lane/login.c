#include "gateway/core/lane/login.h"

#include <stdio.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/core/lane/inside.h"
#include "gateway/log.h"

enum { CKR_PIN_INCORRECT_ = 0xa0 };
#define CKR_VENDOR_DEFINED_ 0x80000000U

void lane_login_begins(struct lane *lane)
{
    lane->past->unanswered = false;
    lane->past->end = MARK_LOGIN_UNTOLD;
    lane->past->was_low = (lane->token.flags & TOKEN_PIN_COUNT_LOW) != 0;
}

/* A PIN that was typed is gone with the pipe: neither lane nor gateway could try it
 * again. */

static void log_in(struct lane *lane, int pipe, bool last_try)
{
    lane->found = false;
    lane->logging_in = true;
    lane->typed = pipe >= 0;
    lane_login_begins(lane);
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

static void latch_counted(struct lane *lane, const char *why)
{
    lane_login_forget(lane);
    lane->failure = FAILURE_LATCHED;
    lane->refused_with = CKR_PIN_INCORRECT_;
    lane_lose(lane, LANE_LATCHED, why);
}

static void obey(struct lane *lane, enum lane_permit permit, const char *why)
{
    if (permit == PERMIT_LOGIN) {
        log_in(lane, -1, false);
    } else if (permit == PERMIT_PIN) {
        await(lane, why);
    } else if (permit == PERMIT_ANEW) {
        lane->anew = true;
        lane_lose(lane, LANE_DOWN, why);
    } else if (permit == PERMIT_COUNTED) {
        latch_counted(lane, why);
    } else if (permit == PERMIT_NEVER) {
        lane->failure = FAILURE_LATCHED;
        lane_lose(lane, LANE_LATCHED, why);
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
    obey(lane, permit, why);
}

/* --- Logins without an answer ------------------------------------------------------- */

static int64_t whole_pause_us(const struct login_past *past)
{
    enum { SOON = 3, LONGEST_MIN = 15 };
    static const int64_t minute_us = 60000000;

    if (past->unclear < SOON) {
        return 0;
    }
    unsigned doubled = past->unclear - SOON;
    int64_t minutes = doubled < 4 ? 1LL << doubled : LONGEST_MIN;
    return minutes * minute_us;
}

/* For whoever looks at the lane, and on the log, which is told the first failure only. */
static void tell_pause(struct lane *lane)
{
    size_t used = strlen(lane->why);
    long long minutes = whole_pause_us(lane->past) / 60000000;

    if (minutes > 0) {
        (void)snprintf(lane->why + used, sizeof(lane->why) - used,
                       "; %u logins in a row ended without an answer, each may have been "
                       "a wrong PIN: the next one in %lld min",
                       lane->past->unclear, minutes);
        log_event(LOG_WARN, "lane.pauses", "lane", lane_name(lane), "why", lane->why,
                  NULL);
    }
}

/* Its mark is final once it is dead: it had no word yet whether it may log in, or no PIN
 * that it could try. */
static bool was_not_begun(const struct lane *lane, bool dead)
{
    return dead && atomic_load(&lane->process.marks->login) == MARK_LOGIN_AHEAD;
}

/* Killed or crashed in it, or answered by a code of the vendor's own: that may be a wrong
 * PIN, and a trouble that passes as well. Behind a login that went well it is none. */
void lane_login_left(struct lane *lane, bool dead)
{
    bool answered = lane->failure != FAILURE_NONE;

    if (!lane->login_left) {
        return;
    }
    lane->login_left = false;
    if (was_not_begun(lane, dead)) {
        lane_login_not_begun(lane);
    } else if (atomic_load(&lane->process.marks->login) == MARK_LOGIN_WELL) {
        lane_login_went_well(lane);
    } else if (lane->failure != FAILURE_CONFIG) {
        lane_login_lost(lane, answered ? lane->failed_with : LOGIN_DIED, lane->typed);
    }
}

void lane_login_lost(struct lane *lane, uint64_t with, bool typed)
{
    lane->past->unanswered = true;
    lane->past->left_us = clock_mono_us();
    if (!typed && with >= CKR_VENDOR_DEFINED_) {
        lane->past->unclear++;
        tell_pause(lane);
    }
}

void lane_login_not_begun(struct lane *lane)
{
    lane->past->end = MARK_LOGIN_AHEAD;
}

void lane_login_forget(struct lane *lane)
{
    *lane->past = (struct login_past){0};
}

void lane_login_went_well(struct lane *lane)
{
    lane_login_forget(lane);
    lane->past->end = MARK_LOGIN_WELL;
}

int64_t lane_login_pause_us(const struct lane *lane, int64_t now_us)
{
    int64_t pause_us = whole_pause_us(lane->past);
    int64_t left_us = lane->past->left_us + pause_us - now_us;
    bool typed = lane->options.config->pin_prompt;

    return !typed && pause_us > 0 && left_us > 0 ? left_us : 0;
}

void lane_share_past(struct lane *lane, struct login_past *past)
{
    lane->past = past == NULL ? &lane->own_past : past;
}

bool lane_must_look_anew(const struct lane *lane)
{
    return lane->born_us < lane->past->left_us ||
           lane_login_pause_us(lane, clock_mono_us()) > 0;
}

bool lane_was_counted(const struct lane *lane)
{
    return lane->past->unanswered && !lane->past->was_low &&
           (lane->token.flags & TOKEN_PIN_COUNT_LOW) != 0;
}

bool lane_begins_anew(const struct lane *lane)
{
    return lane->anew && lane->state == LANE_DOWN;
}

void lane_on_found(struct lane *lane, const struct lane_token *token)
{
    if (lane->state != LANE_STARTING || lane->found || lane->logging_in) {
        lane_lose(lane, LANE_DOWN, "the lane found its token twice");
        return;
    }
    lane->token = *token;
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
    return lane->logging_in || lane->login_left;
}

uint64_t lane_refused_with(const struct lane *lane)
{
    return lane->refused_with;
}
