#include <stdio.h>

#include "gateway/core/core_inside.h"
#include "gateway/core/lane/latch.h"
#include "gateway/core/lane/login.h"

enum { CKR_PIN_LOCKED_ = 0xa4 };

/* --- What came of it ---------------------------------------------------------------- */

/* systemd hands a credential over when the service starts, and not again while it runs:
 * the next login of this process would try the refused one once more. */
static const char *remedy(const struct config_lane *lane)
{
    if (lane->credential != NULL) {
        return "make the credential anew and restart the gateway: systemd hands a new "
               "one over at a start only; an officer then allows one more login with "
               "'segel token unlock'";
    }
    return lane->pin_prompt
               ? "find out which PIN is right; an officer then allows one more login "
                 "with 'segel token unlock'"
               : "correct the PIN file; an officer then allows one more login with "
                 "'segel token unlock'";
}

static void tell(struct core *core, const struct berth *berth, const char *type)
{
    const char *lane = lane_name(berth->lane);
    const char *why = berth->latch->why;

    notes_add(core, type, lane, why);
    log_event(LOG_ERROR, type, "lane", lane, "why", why, "what_to_do",
              remedy(lane_config(berth->lane)), NULL);
}

static bool locked(const struct berth *berth)
{
    return lane_refused_with(berth->lane) == CKR_PIN_LOCKED_ ||
           (lane_token(berth->lane)->flags & TOKEN_PIN_LOCKED) != 0;
}

void latch_close(struct core *core, struct berth *berth, const char *why)
{
    struct latch *latch = berth->latch;

    if (latch != NULL && latch->state != LATCH_CLOSED) {
        latch->failures++;
        latch->state = LATCH_CLOSED;
        latch->unwritten = true;
        (void)snprintf(latch->why, sizeof(latch->why), "%s", why);
        tell(core, berth, "pin.fail");
        incident_raise(core, INCIDENT_PIN_LOCKOUT, lane_name(berth->lane), why);
    }
}

void latch_note(struct core *core, struct berth *berth)
{
    struct latch *latch = berth->latch;
    bool tried = !berth->denied && lane_refused_with(berth->lane) != 0;

    berth->latch_named = false;
    bool news = latch != NULL && (tried || latch->unwritten);
    if (tried) {
        latch_close(core, berth, lane_why(berth->lane));
    }
    /* The token's own word that nobody may try, or may no longer. */
    if (news && (!tried || locked(berth))) {
        tell(core, berth, "pin.lockout");
    }
}

static void forgive(struct latch *latch)
{
    if (latch->state != LATCH_CLOSED &&
        (latch->failures > 0 || latch->state != LATCH_OPEN)) {
        latch->state = LATCH_OPEN;
        latch->failures = 0;
        latch->why[0] = '\0';
        latch->unwritten = true;
    }
}

static void allow_again(struct latch *latch)
{
    if (latch->state == LATCH_SPENT) {
        latch->state = LATCH_ONCE;
        latch->unwritten = true;
        (void)snprintf(latch->why, sizeof(latch->why),
                       "the login that officers allowed was not tried yet");
    }
}

void latch_settle(struct berth *berth)
{
    struct latch *latch = berth->latch;

    if (latch == NULL) {
        return;
    }
    if (latch->past.end == MARK_LOGIN_WELL) {
        forgive(latch);
    } else if (latch->past.end == MARK_LOGIN_AHEAD) {
        allow_again(latch);
    }
}

void latch_look(struct berth *berth)
{
    latch_settle(berth);
    if (berth->latch != NULL && berth->latch->state == LATCH_OPEN &&
        lane_state(berth->lane) == LANE_LATCHED) {
        lane_unlatch(berth->lane);
    }
}

uint32_t latch_failures(const struct berth *berth)
{
    return berth->latch == NULL ? 0 : berth->latch->failures;
}
