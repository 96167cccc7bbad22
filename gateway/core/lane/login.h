#ifndef SEGEL_GATEWAY_CORE_LANE_LOGIN_H
#define SEGEL_GATEWAY_CORE_LANE_LOGIN_H

#include "gateway/core/lane/lane.h"

/* A lane between the token that it has found and the login. Core thread only. */

/* What is remembered of logins to a token, whatever lane they were of. */
struct login_past {
    bool unanswered;  /* the last one ended without a word on its PIN */
    bool was_low;     /* before it the token said already that a PIN was wrong */
    unsigned unclear; /* in a row: unanswered, and nothing says that it is away */
    int64_t left_us;  /* when one last ended unanswered, and none went well since; or 0 */
    enum mark_login end; /* what is known of the last one, which is over */
};

/* Asks once more what options.permit said to a lane that waits; does nothing to others.
 */
void lane_ask_again(struct lane *lane, int64_t now_us);
/* Hands a lane that is LANE_AWAITING the PIN: the reading end of a pipe, which is only
 * passed on; the caller closes its own. last_try: also where one more failure locks the
 * token. SG_PRECONDITION: it does not wait for one. SG_IO: its process is gone. */
SG_MUST_USE enum sg_status lane_take_pin(struct lane *lane, int pipe, bool last_try);
/* Whether it was told to log in, and it is not known yet what came of it, or that nobody
 * will say. */
bool lane_logging_in(const struct lane *lane);
/* Which token it has found: from now on its logins are remembered with those of others.
 * past: borrowed; NULL: with none. */
void lane_share_past(struct lane *lane, struct login_past *past);
/* Its process may have seen the token before a login that nobody answered, or the pause
 * behind such logins is not over. */
bool lane_must_look_anew(const struct lane *lane);
/* The token says that a PIN was wrong, did not say so before the last login, and nobody
 * answered that one. */
bool lane_was_counted(const struct lane *lane);
/* It is down because of PERMIT_ANEW, and starts with a tick. */
bool lane_begins_anew(const struct lane *lane);
/* What the last login was refused with; 0: none was tried. */
uint64_t lane_refused_with(const struct lane *lane);

/* lane.c: its process has ended, or is given up. dead: for certain. Where nothing says
 * what came of its login, that may have been a wrong PIN. */
void lane_login_left(struct lane *lane, bool dead);
/* A login to its token begins, by its own process or a ceremony's in its stead; none was
 * tried; one ended without a word on its PIN, by this CK_RV or LOGIN_DIED. typed: nobody
 * can try that PIN again. */
#define LOGIN_DIED UINT64_MAX
void lane_login_begins(struct lane *lane);
void lane_login_not_begun(struct lane *lane);
void lane_login_lost(struct lane *lane, uint64_t with, bool typed);
/* Somebody says that it may try again: nothing is left of that. */
void lane_login_forget(struct lane *lane);
/* The token has taken its PIN: the same. */
void lane_login_went_well(struct lane *lane);
/* For how long nobody logs in by the PIN file; 0: as the back-off says. */
int64_t lane_login_pause_us(const struct lane *lane, int64_t now_us);

/* traffic.c: the token was found. */
void lane_on_found(struct lane *lane, const struct lane_token *token);

#endif
