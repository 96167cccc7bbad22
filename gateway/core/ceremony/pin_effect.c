#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/clock.h"
#include "gateway/core/ceremony/check.h"
#include "gateway/core/core_inside.h"
#include "gateway/core/officers/effects.h"

/* pin.change: from here on one new PIN may be typed for the token of a lane. */

/* A rename needs the folder, and would take a link away. What a credential is made of is
 * not the gateway's to write. */
static enum sg_status check_file(const struct config_lane *lane, struct sg_error *why)
{
    char folder[1024];
    struct stat about;
    const char *end = strrchr(lane->pin_path, '/');

    (void)snprintf(folder, sizeof(folder), "%.*s",
                   end == NULL ? 1 : (int)(end - lane->pin_path) + 1,
                   end == NULL ? "." : lane->pin_path);
    return lstat(lane->pin_path, &about) == 0 && S_ISREG(about.st_mode) &&
                   access(folder, W_OK) == 0
               ? SG_OK
               : sg_fail(
                     why, SG_PRECONDITION,
                     "the PIN of lane '%s' stands in %.150s, which the gateway cannot "
                     "replace (a credential, a link, or a folder that it may not "
                     "write to): set 'pin_file: prompt' for the time of the change",
                     lane->name, lane->pin_path);
}

static bool same_source(const struct config_lane *a, const struct config_lane *b)
{
    return a->pin_prompt == b->pin_prompt &&
           (a->pin_prompt || strcmp(a->pin_path, b->pin_path) == 0);
}

static enum sg_status check_others(const struct core *core, const struct berth *own,
                                   struct sg_error *why)
{
    for (size_t i = 0; i < core->berth_count; i++) {
        const struct berth *berth = &core->berths[i];
        if (berth->lane != NULL && berth_same_token(own, berth) &&
            !same_source(lane_config(own->lane), lane_config(berth->lane))) {
            return sg_fail(why, SG_PRECONDITION,
                           "lane '%s' is on the same token and has its PIN from another "
                           "place: let both name one pin_file first",
                           lane_name(berth->lane));
        }
    }
    return SG_OK;
}

static enum sg_status check_change(struct core *core,
                                   const struct ledger_request *request,
                                   struct sg_error *why)
{
    const struct pin_change *change = &core->ceremony.change;

    TRY(ceremony_check_lane(core, request->object, why));
    if (change->state != PIN_CHANGE_NONE) {
        return sg_fail(why, SG_PRECONDITION,
                       "the PIN of lane '%s' is being changed (request '%s')",
                       change->lane, change->request);
    }
    const struct berth *berth = berth_find(core, request->object);
    const struct config_lane *lane = lane_config(berth->lane);
    TRY(check_others(core, berth, why));
    return lane->pin_prompt ? SG_OK : check_file(lane, why);
}

/* At once, not behind the commit: another grant of the same turn is refused by it. */
static void await_pin(struct core *core, const struct ledger_request *request)
{
    struct pin_change *change = &core->ceremony.change;

    change->state = PIN_CHANGE_GRANTED;
    change->until_us = clock_mono_us() + core->options.config->request_life_s * 1000000;
    (void)snprintf(change->request, sizeof(change->request), "%s", request->id);
    (void)snprintf(change->lane, sizeof(change->lane), "%s", request->object);
}

static enum sg_status do_change(struct core *core, const struct ledger_request *request,
                                struct members *members, struct log_place *place)
{
    char text[LEDGER_MEMO_MAX];

    (void)snprintf(text, sizeof(text), "granted %s %s", request->id, request->object);
    members_add(members, "step", "granted");
    TRY(ledger_remember(core->ledger, "pin-change", text));
    await_pin(core, request);
    return members_write(core, "pin.change", members, place);
}

static void after_change(struct core *core, const struct ledger_request *request)
{
    (void)core;
    log_event(LOG_WARN, "pin.change_awaited", "lane", request->object, "why",
              "officers let its PIN be changed: 'segel pin set' on the gateway's machine",
              NULL);
}

const struct effect effect_change_pin = {check_change, do_change, after_change};
