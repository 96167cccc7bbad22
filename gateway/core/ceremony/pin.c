#include <stdio.h>
#include <unistd.h>

#include "gateway/clock.h"
#include "gateway/core/core_inside.h"
#include "gateway/core/lane/rest.h"

/* A ceremony on a lane whose PIN is typed, always or for its last try. Its own process
 * gets what is typed, and nobody else: the lanes ask for it anew when they come back. */

/* Officers allow the one try that the token has left: a person makes it, as a lane's. */
static bool is_last_try(const struct berth *berth)
{
    return berth->latch != NULL && berth->latch->state == LATCH_ONCE &&
           (lane_token(berth->lane)->flags & TOKEN_PIN_FINAL_TRY) != 0;
}

bool ceremony_needs_pin(const struct core *core)
{
    const struct ceremony *ceremony = &core->ceremony;
    const struct berth *own = &core->berths[ceremony->work.berth];

    return (lane_config(own->lane)->pin_prompt || is_last_try(own)) &&
           !pin_change_is(ceremony->work.order.rite);
}

bool ceremony_awaits(const struct core *core, const struct berth *berth)
{
    return core->ceremony.phase == CEREMONY_AWAITING &&
           &core->berths[core->ceremony.work.berth] == berth &&
           core->ceremony.pin.pipe < 0 && core->ceremony.pin.called_off[0] == '\0';
}

void ceremony_forget_pin(struct core *core)
{
    struct ceremony_pin *pin = &core->ceremony.pin;

    if (pin->pipe >= 0) {
        (void)close(pin->pipe);
    }
    *pin = (struct ceremony_pin){.pipe = -1};
}

static void word_awaited(const struct berth *own, char *out, size_t cap)
{
    (void)snprintf(
        out, cap,
        "a ceremony on its token awaits the PIN: 'segel pin enter %s%s' on the "
        "gateway's machine",
        lane_name(own->lane), is_last_try(own) ? " --last-try" : "");
}

void ceremony_say_awaited(struct core *core)
{
    const struct berth *own = &core->berths[core->ceremony.work.berth];
    char why[160];

    if (core->ceremony.phase != CEREMONY_AWAITING) {
        return;
    }
    word_awaited(own, why, sizeof(why));
    for (size_t i = 0; i < core->berth_count; i++) {
        if ((core->ceremony.resting >> i & 1) != 0 &&
            berth_same_token(own, &core->berths[i])) {
            lane_rest_say(core->berths[i].lane, why);
        }
    }
}

/* As long as persons have to approve a request they have for this, too. */
void ceremony_await_pin(struct core *core)
{
    const struct berth *own = &core->berths[core->ceremony.work.berth];
    char why[160];

    word_awaited(own, why, sizeof(why));
    log_event(LOG_WARN, "pin.awaited", "lane", lane_name(own->lane), "why", why, NULL);
    ceremony_forget_pin(core);
    ceremony_enter(core, CEREMONY_AWAITING,
                   core->options.config->request_life_s * 1000000);
    ceremony_say_awaited(core);
}

void ceremony_wait_for_pin(struct core *core)
{
    struct ceremony *ceremony = &core->ceremony;
    char why[128];

    if (ceremony->pin.pipe >= 0) {
        ceremony_run(core);
    } else if (ceremony->pin.called_off[0] != '\0') {
        (void)snprintf(why, sizeof(why),
                       "it was called off on the gateway's machine, by %s",
                       ceremony->pin.called_off);
        ceremony_untouched(core, why);
    } else if (core->ending) {
        ceremony_untouched(core, "the gateway ended while the PIN was awaited");
    } else if (clock_mono_us() > ceremony->until_us) {
        ceremony_untouched(core, "nobody typed the PIN of its lane in time");
    }
}
