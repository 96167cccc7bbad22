#include "gateway/core/lane/latch.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/core/core_inside.h"
#include "gateway/core/lane/login.h"
#include "proto/record_details.h"
#include "proto/text.h"

enum { NAME_SIZE = 80, ID_BYTES = 16 };

/* --- In the ledger ------------------------------------------------------------------ */

/* "pin/TOKEN" is kept as "open|latched|once FAILURES WHY", and "pin-of/LANE" as TOKEN:
 * for whoever unlocks it with the gateway stopped. In the order of enum latch_state; what
 * is spent is closed when it is read again. */
static const char *const words[] = {"open", "latched", "once", "latched"};

static void name_latch(const char *token, char out[NAME_SIZE])
{
    (void)snprintf(out, NAME_SIZE, "pin/%s", token);
}

static void name_lane(const struct lane *lane, char out[NAME_SIZE])
{
    (void)snprintf(out, NAME_SIZE, "pin-of/%s", lane_name(lane));
}

static void read_text(char *text, struct latch *out)
{
    const char *state = strsep(&text, " ");
    const char *failures = text == NULL ? "" : strsep(&text, " ");

    for (size_t i = 0; i < LATCH_SPENT; i++) {
        out->state = strcmp(words[i], state) == 0 ? (enum latch_state)i : out->state;
    }
    out->failures = (uint32_t)strtoul(failures, NULL, 10);
    (void)snprintf(out->why, sizeof(out->why), "%.319s",
                   text == NULL ? "an earlier login was refused" : text);
}

/* What cannot be read counts as closed: nobody logs in by a mistake of ours. */
static enum sg_status load(struct core *core, const char *token, struct latch *out)
{
    char name[NAME_SIZE];
    char text[LEDGER_MEMO_MAX];

    *out = (struct latch){.state = LATCH_CLOSED};
    name_latch(token, name);
    enum sg_status status = ledger_recall(core->ledger, name, text);
    if (status == SG_OK) {
        read_text(text, out);
    } else if (status == SG_NOT_FOUND) {
        out->state = LATCH_OPEN;
    }
    (void)snprintf(out->token, sizeof(out->token), "%s", token);
    return status == SG_NOT_FOUND ? SG_OK : status;
}

static enum sg_status save(struct core *core, struct latch *latch)
{
    char name[NAME_SIZE];
    char text[LEDGER_MEMO_MAX];

    name_latch(latch->token, name);
    (void)snprintf(text, sizeof(text), "%s %u %.319s", words[latch->state],
                   latch->failures, latch->why);
    TRY(ledger_remember(core->ledger, name, text));
    latch->unwritten = false;
    return SG_OK;
}

static enum sg_status save_lane(struct core *core, const struct berth *berth)
{
    char name[NAME_SIZE];

    name_lane(berth->lane, name);
    return ledger_remember(core->ledger, name, berth->latch->token);
}

static enum sg_status write_if_due(struct core *core, struct berth *berth)
{
    bool due = berth->lane != NULL && berth->latch != NULL;

    latch_settle(berth);
    if (due && berth->latch->unwritten) {
        TRY(save(core, berth->latch));
    }
    if (due && berth->seen == LANE_LATCHED && !berth->latch_named) {
        TRY(save_lane(core, berth));
        berth->latch_named = true;
    }
    return SG_OK;
}

enum sg_status latches_write(struct core *core)
{
    for (size_t i = 0; i < core->berth_count; i++) {
        TRY(write_if_due(core, &core->berths[i]));
    }
    return SG_OK;
}

enum sg_status latch_clear(struct core *core, struct berth *berth)
{
    MUST(berth->latch != NULL);
    berth->latch->state = LATCH_ONCE;
    berth->latch->past = (struct login_past){0};
    return save(core, berth->latch);
}

/* Whoever dies in that login, and nobody knows what came of it, has had it. */
enum sg_status latch_spend(struct core *core, struct berth *berth)
{
    struct latch *latch = berth->latch;

    if (latch->state != LATCH_ONCE) {
        return SG_OK;
    }
    (void)snprintf(latch->why, sizeof(latch->why),
                   "what came of the login that officers allowed is not known, so it "
                   "counts as the one that they allowed");
    latch->state = LATCH_SPENT;
    return save(core, latch);
}

/* --- Which token -------------------------------------------------------------------- */

void latch_identify(const struct lane_token *token, char out[LATCH_TOKEN])
{
    char text[160];
    uint8_t sha256[32];
    size_t len = sizeof(sha256);
    bool numbered = token->serial[0] != '\0';

    (void)snprintf(text, sizeof(text), "%s\n%s\n%s\n", token->manufacturer, token->model,
                   numbered ? token->serial : token->label);
    MUST(EVP_Q_digest(NULL, "SHA256", NULL, text, strlen(text), sha256, &len) == 1);
    text_hex(slice_of(sha256, ID_BYTES), out);
}

static bool in_use(const struct core *core, const struct latch *latch)
{
    for (size_t i = 0; i < core->berth_count; i++) {
        if (core->berths[i].lane != NULL && core->berths[i].latch == latch) {
            return true;
        }
    }
    return latch->unwritten;
}

/* A place for one more: there are more of them than lanes. */
static struct latch *place(struct core *core)
{
    for (size_t i = 0; i < LATCHES_MAX; i++) {
        if (core->latches[i].token[0] == '\0' || !in_use(core, &core->latches[i])) {
            return &core->latches[i];
        }
    }
    return NULL;
}

static struct latch *find(struct core *core, const char *token)
{
    for (size_t i = 0; i < LATCHES_MAX; i++) {
        if (strcmp(core->latches[i].token, token) == 0) {
            return &core->latches[i];
        }
    }
    struct latch *latch = place(core);
    struct latch loaded;
    if (latch == NULL || load(core, token, &loaded) != SG_OK) {
        return NULL;
    }
    *latch = loaded;
    return latch;
}

enum sg_status latch_recall(struct core *core, struct berth *berth)
{
    char name[NAME_SIZE];
    char token[LEDGER_MEMO_MAX];

    name_lane(berth->lane, name);
    TRY(ledger_recall(core->ledger, name, token));
    berth->latch = find(core, token);
    return berth->latch == NULL ? SG_LEDGER : SG_OK;
}

/* --- Whether to log in -------------------------------------------------------------- */

static struct berth *berth_of(struct core *core, const struct lane *lane)
{
    for (size_t i = 0; i < core->berth_count; i++) {
        if (core->berths[i].lane == lane) {
            return &core->berths[i];
        }
    }
    return NULL;
}

bool latch_tries(const struct berth *berth)
{
    return lane_logging_in(berth->lane) ||
           (lane_state(berth->lane) == LANE_LATCHED && berth->seen != LANE_LATCHED);
}

static bool others_try(const struct core *core, const struct berth *berth)
{
    for (size_t i = 0; i < core->berth_count; i++) {
        const struct berth *other = &core->berths[i];
        if (other != berth && other->lane != NULL && other->latch == berth->latch &&
            latch_tries(other)) {
            return true;
        }
    }
    return false;
}

/* What the token says by itself, where no login may be tried; NULL: nothing. */
static const char *forbidden(uint32_t flags, bool once)
{
    if ((flags & TOKEN_PIN_LOCKED) != 0) {
        return "its PIN is locked";
    }
    if ((flags & TOKEN_PIN_TO_BE_CHANGED) != 0) {
        return "its PIN must be changed";
    }
    return (flags & TOKEN_PIN_FINAL_TRY) != 0 && !once ? "one more wrong PIN locks it"
                                                       : NULL;
}

static enum lane_permit deny(struct berth *berth, const char *what, char *why, size_t cap)
{
    struct latch *latch = berth->latch;

    if (what != NULL) {
        (void)snprintf(latch->why, sizeof(latch->why),
                       "token '%s' says that %s; no login was tried, a security officer "
                       "has to clear this first",
                       lane_token(berth->lane)->label, what);
        latch->unwritten = latch->unwritten || latch->state != LATCH_CLOSED;
        latch->state = LATCH_CLOSED;
    }
    berth->denied = true;
    (void)snprintf(why, cap, "%s", latch->why);
    return PERMIT_NEVER;
}

static enum lane_permit demand(const struct lane *lane, uint32_t flags, char *why,
                               size_t cap)
{
    bool last = (flags & TOKEN_PIN_FINAL_TRY) != 0;

    (void)snprintf(why, cap,
                   RECORD_LANE_AWAITS
                   ": 'segel pin enter %s%s' on the gateway's machine%s",
                   lane_name(lane), last ? " --last-try" : "",
                   last ? "; one more wrong PIN locks the token" : "");
    return PERMIT_PIN;
}

static void warn(const struct lane *lane, uint32_t flags)
{
    bool low = (flags & TOKEN_PIN_COUNT_LOW) != 0;
    if (low && lane_state(lane) == LANE_STARTING) { /* once a process */
        log_event(LOG_WARN, "pin.low", "lane", lane_name(lane), "why",
                  "the token says that few wrong PINs are left before it locks", NULL);
    }
}

/* Nobody is in a login any more: what is not known by now nobody will know. */
static void settle_spent(struct berth *berth)
{
    struct latch *latch = berth->latch;

    latch_settle(berth);
    if (latch->state == LATCH_SPENT) {
        latch->state = LATCH_CLOSED;
        latch->unwritten = true;
    }
}

/* A login to the token, of this lane or another, may have been a wrong PIN that nobody
 * told of. */
static enum lane_permit look_back(const struct lane *lane, char *why, size_t cap)
{
    if (lane_must_look_anew(lane)) {
        (void)snprintf(why, cap,
                       "the last login to its token ended without an answer: "
                       "what the token says now is looked at first");
        return PERMIT_ANEW;
    }
    if (lane_was_counted(lane)) {
        (void)snprintf(why, cap,
                       "token '%s' says that a wrong PIN was tried, and did not before "
                       "the last login, which ended without an answer: it counts as "
                       "refused",
                       lane_token(lane)->label);
        return PERMIT_COUNTED;
    }
    return PERMIT_LOGIN;
}

enum lane_permit latch_permit(void *core, struct lane *lane, char *why, size_t cap)
{
    struct berth *berth = berth_of((struct core *)core, lane);
    uint32_t flags = lane_token(lane)->flags;
    char token[LATCH_TOKEN];

    MUST(berth != NULL);
    latch_identify(lane_token(lane), token);
    berth->latch = find((struct core *)core, token);
    lane_share_past(lane, berth->latch == NULL ? NULL : &berth->latch->past);
    if (berth->latch == NULL || ((const struct core *)core)->ending ||
        ceremony_keeps_out((const struct core *)core, berth) ||
        others_try((const struct core *)core, berth)) {
        return PERMIT_WAIT;
    }
    berth->denied = false;
    enum lane_permit past = look_back(lane, why, cap);
    if (past != PERMIT_LOGIN && berth->latch->state != LATCH_CLOSED) {
        return past;
    }
    settle_spent(berth);
    const char *what = forbidden(flags, berth->latch->state == LATCH_ONCE);
    if (pin_change_unsettled((const struct core *)core, berth)) {
        return pin_change_permit(why, cap);
    }
    if (what != NULL || berth->latch->state == LATCH_CLOSED) {
        return deny(berth, what, why, cap);
    }
    warn(lane, flags);
    bool typed = lane_config(lane)->pin_prompt || (flags & TOKEN_PIN_FINAL_TRY) != 0;
    if (typed) {
        return demand(lane, flags, why, cap);
    }
    return latch_spend((struct core *)core, berth) == SG_OK ? PERMIT_LOGIN : PERMIT_WAIT;
}
