#include "gateway/core/lane_login.h"

#include <stdio.h>

#include "gateway/clock.h"
#include "gateway/core/lane_inside.h"

/* A PIN that was typed is gone with the pipe: neither lane nor gateway could try it
 * again. */

static void log_in(struct lane *lane, int pipe, bool last_try)
{
    lane->found = false;
    lane->logging_in = true;
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
    return lane->logging_in;
}

uint64_t lane_refused_with(const struct lane *lane)
{
    return lane->refused_with;
}
