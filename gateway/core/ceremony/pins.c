#include "gateway/core/ceremony/pins.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "gateway/core/core_inside.h"
#include "gateway/core/lane/login.h"

/* A ceremony goes by the lane that it began with, also where a reload has put another one
 * of that name in its place. */
static struct berth *named(struct core *core, const char *lane)
{
    struct berth *own = &core->berths[core->ceremony.work.berth];

    return ceremony_awaits(core, own) && strcmp(lane_name(own->lane), lane) == 0
               ? own
               : berth_find(core, lane);
}

static enum sg_status find(struct core *core, const char *lane, struct berth **out,
                           struct sg_error *why)
{
    *out = named(core, lane);
    return *out != NULL ? SG_OK
                        : sg_fail(why, SG_NOT_FOUND,
                                  "there is no lane '%s'; 'segel token list' shows those "
                                  "that there are",
                                  lane);
}

static bool awaits_change(const struct core *core, const char *lane)
{
    const struct pin_change *change = &core->ceremony.change;

    return change->state == PIN_CHANGE_GRANTED && change->pipe < 0 &&
           change->until_us != 0 && strcmp(change->lane, lane) == 0;
}

enum sg_status core_pin_look(struct core *core, const char *lane, struct pin_view *out,
                             struct sg_error *why)
{
    struct berth *berth = NULL;

    TRY(find(core, lane, &berth, why));
    *out = (struct pin_view){.state = lane_state(berth->lane),
                             .token = *lane_token(berth->lane),
                             .failures = latch_failures(berth),
                             .ceremony = ceremony_awaits(core, berth),
                             .change = awaits_change(core, lane),
                             .typed = lane_config(berth->lane)->pin_prompt};
    (void)snprintf(out->why, sizeof(out->why), "%s", lane_why(berth->lane));
    return SG_OK;
}

/* Why no PIN is taken now. */
static enum sg_status refuse(const struct lane *lane, struct sg_error *why)
{
    static const char *const reasons[] = {
        [LANE_STARTING] = "is starting; look again in a moment",
        [LANE_TRYING] = "has its PIN and is being tried",
        [LANE_UP] = "is up and needs no PIN",
        [LANE_DOWN] = "has not found its token",
        [LANE_LATCHED] = "may not log in before officers allow it ('segel token unlock')",
        [LANE_AWAITING] = "was just beginning anew; enter the PIN once more",
    };

    return sg_fail(why, SG_PRECONDITION, "lane '%s' %s; the PIN was not used%s%s",
                   lane_name(lane), reasons[lane_state(lane)],
                   lane_why(lane)[0] == '\0' ? "" : ": ", lane_why(lane));
}

/* The lane was told to await it up to a tick ago, and the token may be on other lanes,
 * too: one of them may be in its login since then, or was refused. */
static enum sg_status check_token(struct core *core, const struct berth *berth,
                                  struct sg_error *why)
{
    char sentence[320] = "";
    enum lane_permit permit = latch_permit(core, berth->lane, sentence, sizeof(sentence));

    if (permit == PERMIT_PIN) {
        return SG_OK;
    }
    return sg_fail(why, SG_PRECONDITION,
                   "lane '%s' takes no PIN now: %s; the PIN was not "
                   "used",
                   lane_name(berth->lane),
                   sentence[0] != '\0' ? sentence
                                       : "another lane is logging in to its token, "
                                         "look again in a moment");
}

static enum sg_status check_last(const struct lane *lane, const struct pin_entry *entry,
                                 struct sg_error *why)
{
    return (lane_token(lane)->flags & TOKEN_PIN_FINAL_TRY) == 0 || entry->last_try
               ? SG_OK
               : sg_fail(why, SG_PRECONDITION,
                         "one more wrong PIN locks the token of lane '%s'; the PIN was "
                         "not used: add --last-try when you are sure of it",
                         lane_name(lane));
}

static enum sg_status give_lane(struct core *core, struct berth *berth,
                                const struct pin_entry *entry, struct sg_error *why)
{
    if (lane_state(berth->lane) != LANE_AWAITING || pin_change_unsettled(core, berth)) {
        return refuse(berth->lane, why);
    }
    TRY(check_token(core, berth, why));
    TRY(check_last(berth->lane, entry, why));
    TRY(latch_spend(core, berth));
    return lane_take_pin(berth->lane, entry->pipe, entry->last_try) == SG_OK
               ? SG_OK
               : refuse(berth->lane, why);
}

/* All lanes of the token are at rest: nobody else can be in a login. */
static enum sg_status give_ceremony(struct core *core, const struct berth *berth,
                                    const struct pin_entry *entry, struct sg_error *why)
{
    struct ceremony_pin *pin = &core->ceremony.pin;

    TRY(check_last(berth->lane, entry, why));
    pin->pipe = fcntl(entry->pipe, F_DUPFD_CLOEXEC, 3);
    pin->last_try = entry->last_try;
    return pin->pipe >= 0
               ? SG_OK
               : sg_fail(why, SG_IO, "no descriptor: raise the limit of open files");
}

enum sg_status core_pin_call_off(struct core *core, const char *lane, unsigned uid,
                                 struct sg_error *why)
{
    struct berth *berth = NULL;

    TRY(find(core, lane, &berth, why));
    if (!ceremony_awaits(core, berth)) {
        return sg_fail(why, SG_PRECONDITION, "no ceremony awaits the PIN of lane '%s'",
                       lane);
    }
    (void)snprintf(core->ceremony.pin.called_off, sizeof(core->ceremony.pin.called_off),
                   "uid %u", uid);
    return SG_OK;
}

static void note_typed(struct core *core, const char *lane, const char *who)
{
    notes_add(core, "pin.enter", lane, who);
    log_event(LOG_INFO, "pin.enter", "lane", lane, "why", who, NULL);
}

enum sg_status core_pin_enter(struct core *core, const char *lane,
                              const struct pin_entry *entry, struct sg_error *why)
{
    struct berth *berth = NULL;
    char who[96];

    TRY(find(core, lane, &berth, why));
    bool ceremony = ceremony_awaits(core, berth);
    TRY(ceremony ? give_ceremony(core, berth, entry, why)
                 : give_lane(core, berth, entry, why));
    (void)snprintf(who, sizeof(who), "typed by uid %u%s%s", entry->uid,
                   ceremony ? ", for a ceremony" : "",
                   entry->last_try ? ", as the last try" : "");
    note_typed(core, lane, who);
    return SG_OK;
}

enum sg_status core_pin_change(struct core *core, const char *lane,
                               const struct pin_entry *entry, struct sg_error *why)
{
    struct pin_change *change = &core->ceremony.change;
    struct berth *berth = NULL;
    char who[64];

    TRY(find(core, lane, &berth, why));
    if (!awaits_change(core, lane)) {
        return sg_fail(why, SG_PRECONDITION,
                       "no new PIN of lane '%s' is awaited: ask for it first ('segel pin "
                       "change'), and let others approve it; the PIN was not used",
                       lane);
    }
    TRY(check_last(berth->lane, entry, why));
    change->pipe = fcntl(entry->pipe, F_DUPFD_CLOEXEC, 3);
    if (change->pipe < 0) {
        return sg_fail(why, SG_IO, "no descriptor: raise the limit of open files");
    }
    change->last_try = entry->last_try;
    (void)snprintf(who, sizeof(who), "a new one, typed by uid %u", entry->uid);
    note_typed(core, lane, who);
    return SG_OK;
}

enum sg_status core_pin_changed(struct core *core, struct sg_error *why)
{
    const struct pin_change *change = &core->ceremony.change;

    if (change->state != PIN_CHANGE_NONE || core->ceremony.phase != CEREMONY_IDLE) {
        return SG_BUSY;
    }
    return change->done ? SG_OK : sg_fail(why, SG_PRECONDITION, "%.250s", change->why);
}
