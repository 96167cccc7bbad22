#include "gateway/core/ceremony/pin_change.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/clock.h"
#include "gateway/core/core_inside.h"
#include "gateway/core/log/members.h"

/* In the ledger: "STATE REQUEST LANE FILE WRITTEN" under MEMO (the last two as of the PIN
 * file before it, where one has it), and "TIME LANE" of the last one that was done. */
#define MEMO      "pin-change"
#define MEMO_LAST "pin-changed"

static const char *const words[] = {"none", "granted", "begun", "settling"};

bool pin_change_is(enum rite rite)
{
    return rite == RITE_CHANGE_PIN || rite == RITE_SETTLE_PIN;
}

/* --- The PIN file ------------------------------------------------------------------ */

static void look_at_file(const struct berth *berth, struct pin_change_file *out)
{
    const struct config_lane *lane = lane_config(berth->lane);
    struct stat about;

    *out = (struct pin_change_file){.inode = 0};
    if (!lane->pin_prompt && lstat(lane->pin_path, &about) == 0) {
        out->inode = about.st_ino;
        out->written_ns =
            (int64_t)about.st_mtim.tv_sec * 1000000000 + about.st_mtim.tv_nsec;
    }
}

/* It has been since the token was let in with the new PIN, and not before. A copy of all
 * files has other inodes, and the same times. */
static bool was_replaced(struct core *core)
{
    const struct pin_change_file *before = &core->ceremony.change.file;
    const struct berth *berth = berth_find(core, core->ceremony.change.lane);
    struct pin_change_file now = {.inode = 0};

    if (berth != NULL) {
        look_at_file(berth, &now);
    }
    return before->inode != 0 && now.inode != 0 && now.inode != before->inode &&
           now.written_ns != before->written_ns;
}

/* --- In the ledger ----------------------------------------------------------------- */

static enum sg_status keep(struct core *core, enum pin_change_state state)
{
    struct pin_change *change = &core->ceremony.change;
    char text[LEDGER_MEMO_MAX];

    (void)snprintf(text, sizeof(text), "%s %s %s %llu %lld", words[state],
                   change->request, change->lane, (unsigned long long)change->file.inode,
                   (long long)change->file.written_ns);
    TRY(ledger_remember(core->ledger, MEMO, text));
    change->state = state;
    return SG_OK;
}

static void read_last(struct pin_change *change, char *text)
{
    const char *time = strsep(&text, " ");

    change->last_us = strtoll(time, NULL, 10);
    (void)snprintf(change->last_lane, sizeof(change->last_lane), "%.64s",
                   text == NULL ? "" : text);
}

static void read_state(struct pin_change *change, char *text)
{
    const char *state = strsep(&text, " ");
    const char *request = text == NULL ? "" : strsep(&text, " ");
    const char *lane = text == NULL ? "" : strsep(&text, " ");
    const char *inode = text == NULL ? "0" : strsep(&text, " ");

    for (size_t i = 0; i < SG_COUNT(words); i++) {
        change->state =
            strcmp(words[i], state) == 0 ? (enum pin_change_state)i : change->state;
    }
    (void)snprintf(change->request, sizeof(change->request), "%.64s", request);
    (void)snprintf(change->lane, sizeof(change->lane), "%.64s", lane);
    change->file = (struct pin_change_file){strtoull(inode, NULL, 10),
                                            text == NULL ? 0 : strtoll(text, NULL, 10)};
}

enum sg_status pin_change_start(struct core *core)
{
    struct pin_change *change = &core->ceremony.change;
    char text[LEDGER_MEMO_MAX];

    enum sg_status status = ledger_recall(core->ledger, MEMO_LAST, text);
    if (status == SG_OK) {
        read_last(change, text);
    }
    if (status == SG_OK || status == SG_NOT_FOUND) {
        status = ledger_recall(core->ledger, MEMO, text);
    }
    if (status == SG_OK) {
        read_state(change, text);
    }
    return status == SG_NOT_FOUND ? SG_OK : status;
}

bool pin_change_outdates(const struct core *core, const struct config_lane *lane)
{
    const struct pin_change *change = &core->ceremony.change;
    struct stat about;

    return lane->credential != NULL && strcmp(lane->name, change->last_lane) == 0 &&
           stat(lane->pin_path, &about) == 0 &&
           (int64_t)about.st_mtim.tv_sec * 1000000 + about.st_mtim.tv_nsec / 1000 <
               change->last_us;
}

void pin_change_fini(struct core *core)
{
    struct pin_change *change = &core->ceremony.change;

    if (change->pipe >= 0) {
        (void)close(change->pipe);
    }
    change->pipe = -1;
}

/* --- What is to be done ------------------------------------------------------------ */

bool pin_change_unsettled(const struct core *core, const struct berth *berth)
{
    const struct pin_change *change = &core->ceremony.change;
    const struct berth *own = NULL;

    if (change->state < PIN_CHANGE_BEGUN) {
        return false;
    }
    for (size_t i = 0; i < core->berth_count; i++) {
        const struct berth *one = &core->berths[i];
        if (one->lane != NULL && strcmp(lane_name(one->lane), change->lane) == 0) {
            own = one;
        }
    }
    return own != NULL && berth_same_token(own, berth);
}

enum lane_permit pin_change_permit(char *why, size_t cap)
{
    (void)snprintf(why, cap, "a change of its PIN broke off and is looked into");
    return PERMIT_PIN;
}

static const char *dead_grant(const struct pin_change *change)
{
    if (change->pipe >= 0) {
        return NULL;
    }
    return change->until_us == 0
               ? "the gateway was started anew before somebody typed the new PIN"
               : "nobody typed the new PIN in time";
}

/* Why the token is not asked; NULL: it is. */
static const char *dead(const struct core *core, const struct berth *berth)
{
    const struct pin_change *change = &core->ceremony.change;

    if (berth == NULL) {
        return "its lane is not configured any more";
    }
    if (change->state == PIN_CHANGE_GRANTED) {
        return dead_grant(change);
    }
    if (change->state == PIN_CHANGE_SETTLING) {
        return "and so did the look at what became of it";
    }
    return lane_config(berth->lane)->pin_prompt
               ? "it broke off: the token may have either PIN, so type the new one first"
               : NULL;
}

/* What an earlier run has left waits until the lane has found its token: before, there is
 * no latch that could be closed. */
static bool due(const struct core *core, const struct berth *berth)
{
    const struct pin_change *change = &core->ceremony.change;

    if (change->state == PIN_CHANGE_GRANTED) {
        return change->pipe >= 0 || clock_mono_us() > change->until_us;
    }
    return change->state != PIN_CHANGE_NONE && (berth == NULL || berth->latch != NULL);
}

bool pin_change_pick(struct core *core)
{
    struct ceremony_work *work = &core->ceremony.work;
    struct pin_change *change = &core->ceremony.change;

    const struct berth *berth =
        change->state == PIN_CHANGE_NONE ? NULL : berth_find(core, change->lane);

    if (!due(core, berth)) {
        return false;
    }
    bool told = change->state == PIN_CHANGE_BEGUN;
    *work = (struct ceremony_work){
        .berth = berth == NULL ? 0 : (size_t)(berth - core->berths),
        .order = {.rite = told ? RITE_SETTLE_PIN : RITE_CHANGE_PIN, .pipe = -1},
        .dead = dead(core, berth)};
    (void)snprintf(work->request, sizeof(work->request), "%s", change->request);
    if (work->dead != NULL) {
        return true;
    }
    MUST(berth != NULL); /* else it is dead */
    if (!told) {
        look_at_file(berth, &change->file);
    }
    if (keep(core, told ? PIN_CHANGE_SETTLING : PIN_CHANGE_BEGUN) != SG_OK) {
        return false; /* the ledger is broken: nothing goes on */
    }
    core->ceremony.pin.pipe = change->pipe;
    core->ceremony.pin.last_try = change->last_try;
    change->pipe = -1;
    return true;
}

/* --- What came of it --------------------------------------------------------------- */

enum result { RESULT_DONE, RESULT_FAILED, RESULT_UNKNOWN };
static const char *const results[] = {"done", "failed", "unknown"};

static enum result judge(struct core *core)
{
    const struct rite_outcome *outcome = &core->ceremony.outcome;
    const struct ceremony_work *work = &core->ceremony.work;
    bool settled = work->order.rite == RITE_SETTLE_PIN;

    if (outcome->answered && outcome->done) { /* or the token had not been told */
        return settled && outcome->untouched && !was_replaced(core) ? RESULT_FAILED
                                                                    : RESULT_DONE;
    }
    bool certain =
        outcome->answered && outcome->untouched && !settled && work->dead == NULL;
    return certain || core->ceremony.change.state == PIN_CHANGE_GRANTED ? RESULT_FAILED
                                                                        : RESULT_UNKNOWN;
}

/* What whoever finds the lane latched has to know. */
static void explain(struct core *core)
{
    struct rite_outcome *outcome = &core->ceremony.outcome;
    bool refused = outcome->answered && outcome->failure == FAILURE_LATCHED &&
                   outcome->rv != 0; /* else no login was tried */
    char cause[60];

    (void)snprintf(cause, sizeof(cause), "%.59s", outcome->why);
    if (refused && core->ceremony.work.order.rite == RITE_SETTLE_PIN) {
        (void)snprintf(outcome->why, sizeof(outcome->why),
                       "a change of the PIN broke off, and the token refuses the new one "
                       "(it stands beside the pin_file, with .try at its name): the old "
                       "one should be right, so officers may let the lane try it ('segel "
                       "token unlock')");
    } else if (!refused) {
        (void)snprintf(outcome->why, sizeof(outcome->why),
                       "a change of the PIN broke off (%s): the token knows the one of "
                       "the pin_file, or that of the file beside it with .try at its "
                       "name; put the right one into the pin_file, then officers unlock "
                       "the lane",
                       cause);
    }
}

/* A file's lane tries nothing by itself then; a person knows what to type. */
static void latch_if_unknown(struct core *core, enum result result)
{
    struct rite_outcome *outcome = &core->ceremony.outcome;
    const struct berth *berth = berth_find(core, core->ceremony.change.lane);

    if (result != RESULT_UNKNOWN || berth == NULL ||
        lane_config(berth->lane)->pin_prompt) {
        return;
    }
    explain(core);
    outcome->answered = true;
    outcome->done = false;
    outcome->failure = FAILURE_LATCHED;
    outcome->pin_unknown = true; /* finish() in ceremony.c closes the latch */
}

static enum sg_status write_end(struct core *core, enum result result)
{
    struct pin_change *change = &core->ceremony.change;
    struct members members = {.count = 0};
    char text[LEDGER_MEMO_MAX];

    members_add(&members, "subject", change->lane);
    members_add(&members, "grant", change->request);
    members_add(&members, "step", "end");
    members_add(&members, "result", results[result]);
    members_add(&members, "why", result == RESULT_DONE ? "" : change->why);
    TRY(members_write(core, "pin.change", &members, NULL));
    if (result == RESULT_DONE) {
        change->last_us = clock_wall_us();
        (void)snprintf(change->last_lane, sizeof(change->last_lane), "%s", change->lane);
        (void)snprintf(text, sizeof(text), "%lld %s", (long long)change->last_us,
                       change->lane);
        TRY(ledger_remember(core->ledger, MEMO_LAST, text));
    }
    return keep(core, PIN_CHANGE_NONE);
}

static bool to_be_settled(const struct core *core, enum result result)
{
    const struct ceremony *ceremony = &core->ceremony;
    const struct berth *berth = &core->berths[ceremony->work.berth];

    return result == RESULT_UNKNOWN && ceremony->work.dead == NULL &&
           ceremony->work.order.rite == RITE_CHANGE_PIN &&
           !(ceremony->outcome.answered &&
             ceremony->outcome.failure == FAILURE_LATCHED) &&
           !lane_config(berth->lane)->pin_prompt;
}

enum sg_status pin_change_settle(struct core *core, bool *again)
{
    struct pin_change *change = &core->ceremony.change;
    const struct rite_outcome *outcome = &core->ceremony.outcome;
    enum result result = judge(core);

    if (to_be_settled(core, result)) {
        TRY(keep(core, PIN_CHANGE_SETTLING));
        core->ceremony.work.order.rite = RITE_SETTLE_PIN;
        *again = true;
        return SG_OK;
    }
    change->done = result == RESULT_DONE;
    latch_if_unknown(core, result);
    (void)snprintf(change->why, sizeof(change->why), "%.319s",
                   outcome->done && result == RESULT_FAILED
                       ? "it broke off before the token was told: the old PIN stands"
                       : outcome->why);
    pin_change_fini(core);
    return write_end(core, result);
}
