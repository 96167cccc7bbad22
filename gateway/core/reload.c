#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/core/core_inside.h"

/* A new list of lanes while the gateway runs. Lanes are compared by what they say; those
 * that are gone or changed finish what they have in hand, and the rest goes on
 * undisturbed. Keys, callers and everything else stay as they were at the start. */

/* A configuration that lanes refer to; it goes when none does any more. */
struct reloaded {
    struct config *config; /* owned */
    struct reloaded *next;
};

static bool same_words(const struct config_words *one, const struct config_words *other)
{
    bool same = one->count == other->count;

    for (size_t i = 0; same && i < one->count; i++) {
        same = strcmp(one->items[i], other->items[i]) == 0;
    }
    return same;
}

static bool same_object(const struct config_object *one,
                        const struct config_object *other)
{
    return slice_equal(slice_of(one->id, one->id_len),
                       slice_of(other->id, other->id_len)) &&
           strcmp(one->label, other->label) == 0;
}

static bool same_token(const struct config_token *one, const struct config_token *other)
{
    return strcmp(one->label, other->label) == 0 &&
           strcmp(one->serial, other->serial) == 0 &&
           strcmp(one->manufacturer, other->manufacturer) == 0 &&
           strcmp(one->model, other->model) == 0;
}

static bool same_environment(const struct config_lane *one,
                             const struct config_lane *other)
{
    size_t i = 0;

    while (one->environment[i] != NULL && other->environment[i] != NULL) {
        if (strcmp(one->environment[i], other->environment[i]) != 0) {
            return false;
        }
        i++;
    }
    return one->environment[i] == NULL && other->environment[i] == NULL;
}

static bool same_lane(const struct config_lane *one, const struct config_lane *other)
{
    return strcmp(one->module, other->module) == 0 &&
           strcmp(one->init_args, other->init_args) == 0 &&
           strcmp(one->pin_path, other->pin_path) == 0 &&
           one->pin_prompt == other->pin_prompt && one->threads == other->threads &&
           one->hardware == other->hardware && same_token(&one->token, &other->token) &&
           same_object(&one->canary, &other->canary) &&
           same_words(&one->read_only, &other->read_only) && same_environment(one, other);
}

/* Whether the same keys of the ring are on a lane by both configurations. */
static bool same_keys(const struct core *core, const struct config *one,
                      const struct config *other, const struct config_lane *lane)
{
    for (size_t i = 0; i < core->keyring.count; i++) {
        const struct key *key = &core->keyring.keys[i];
        const struct config_key *before = berth_placement(one, key);
        const struct config_key *after = berth_placement(other, key);
        if (config_key_on_lane(before, lane) != config_key_on_lane(after, lane) ||
            !same_object(&before->object, &after->object)) {
            return false;
        }
    }
    return true;
}

static bool stays(const struct core *core, const struct berth *berth,
                  const struct config *config)
{
    const struct config_lane *now = config_find_lane(config, lane_name(berth->lane));

    return now != NULL && same_lane(lane_config(berth->lane), now) &&
           same_keys(core, berth->config, config, now);
}

static enum sg_status check(struct core *core, const struct config *config,
                            struct sg_error *why)
{
    const struct berth *log = &core->berths[core->log_berth];

    if (stays(core, log, config)) {
        return SG_OK;
    }
    return sg_fail(why, SG_PRECONDITION,
                   "lane '%s' holds the log key and cannot be changed while the gateway "
                   "runs; nothing was reloaded",
                   lane_name(log->lane));
}

static void dismiss(struct core *core, struct berth *berth)
{
    notes_add(core, "lane.leaving", lane_name(berth->lane), "");
    log_event(LOG_INFO, "lane.leaving", "lane", lane_name(berth->lane), NULL);
    berth->leaving = true;
    lane_dismiss(berth->lane);
}

static enum sg_status add(struct core *core, const struct config *config, size_t lane,
                          struct sg_error *why)
{
    if (berth_find(core, config->lanes[lane].name) != NULL) {
        return SG_OK;
    }
    TRY(berth_open(core, config, lane, why));
    notes_add(core, "lane.added", config->lanes[lane].name, "");
    log_event(LOG_INFO, "lane.added", "lane", config->lanes[lane].name, NULL);
    return SG_OK;
}

static bool in_use(const struct core *core, const struct config *config)
{
    for (size_t i = 0; i < core->berth_count; i++) {
        if (core->berths[i].lane != NULL && core->berths[i].config == config) {
            return true;
        }
    }
    return false;
}

static void drop_unused(struct core *core)
{
    struct reloaded **at = &core->reloaded;

    while (*at != NULL) {
        struct reloaded *one = *at;
        if (in_use(core, one->config) || one->config == core->newest) {
            at = &one->next;
        } else {
            *at = one->next;
            config_free(one->config);
            free(one);
        }
    }
}

static enum sg_status apply(struct core *core, const struct config *config,
                            struct sg_error *why)
{
    TRY(check(core, config, why));
    for (size_t i = 0; i < core->berth_count; i++) {
        struct berth *berth = &core->berths[i];
        if (berth->lane != NULL && !berth->leaving && !stays(core, berth, config)) {
            dismiss(core, berth);
        }
    }
    for (size_t i = 0; i < config->lane_count; i++) {
        TRY(add(core, config, i, why));
    }
    return SG_OK;
}

enum sg_status core_reload(struct core *core, struct config *config, struct sg_error *why)
{
    struct reloaded *one = (struct reloaded *)calloc(1, sizeof(*one));

    if (one == NULL) {
        config_free(config);
        return SG_NO_MEMORY;
    }
    *one = (struct reloaded){config, core->reloaded};
    core->reloaded = one;
    enum sg_status status = apply(core, config, why);
    core->newest = status == SG_OK ? config : core->newest;
    drop_unused(core);
    report_update(core, true);
    return status;
}

void reload_fini(struct core *core)
{
    while (core->reloaded != NULL) {
        struct reloaded *one = core->reloaded;
        core->reloaded = one->next;
        config_free(one->config);
        free(one);
    }
}
