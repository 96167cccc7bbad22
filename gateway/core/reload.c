#include "gateway/core/reload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/config/compare.h"
#include "gateway/core/core_inside.h"
#include "gateway/core/key/known.h"

/* A new list of lanes while the gateway runs. Lanes are compared by what they say; those
 * that are gone or changed finish what they have in hand, and the rest goes on
 * undisturbed. What a key may sign is taken, too; which keys there are and all else stays
 * as it was at the start. */

/* A configuration that lanes refer to; it goes when none does any more. One that says
 * what a key may sign stays as long as the core: any thread may be reading it. */
struct reloaded {
    struct config *config; /* owned */
    bool rules;
    struct reloaded *next;
};

/* Whether the same keys of the ring are on a lane by both configurations. */
static bool same_keys(const struct core *core, const struct config *one,
                      const struct config *other, const struct config_lane *lane)
{
    for (size_t i = 0; i < core->keyring.count; i++) {
        const struct key *key = &core->keyring.keys[i];
        const struct config_key *before = berth_placement(one, key);
        const struct config_key *after = berth_placement(other, key);
        if (config_key_on_lane(before, lane) != config_key_on_lane(after, lane)) {
            return false;
        }
    }
    return true;
}

static bool stays(const struct core *core, const struct berth *berth,
                  const struct config *config)
{
    const struct config_lane *now = config_find_lane(config, lane_name(berth->lane));

    return now != NULL && config_same_lane(lane_config(berth->lane), now) &&
           same_keys(core, berth->config, config, now);
}

/* A lane that goes on as it is. */
static bool goes_on(struct core *core, const struct config *config, size_t lane)
{
    const struct berth *berth = berth_find(core, config->lanes[lane].name);

    return berth != NULL && stays(core, berth, config);
}

/* Those that leave keep their berths until their last job is done. */
static enum sg_status check_room(struct core *core, const struct config *config,
                                 struct sg_error *why)
{
    size_t wanted = 0;

    for (size_t i = 0; i < core->berth_count; i++) {
        wanted += core->berths[i].lane != NULL ? 1 : 0;
    }
    for (size_t i = 0; i < config->lane_count; i++) {
        wanted += goes_on(core, config, i) ? 0 : 1;
    }
    if (wanted <= CONFIG_LANES_MAX) {
        return SG_OK;
    }
    return sg_fail(why, SG_TOO_LARGE,
                   "%zu lanes would be open at once, those that leave among them, and a "
                   "gateway can have %d; take lanes out first and reload again when "
                   "they are gone; nothing was reloaded",
                   wanted, CONFIG_LANES_MAX);
}

/* A lane that is started anew with the credential of an earlier PIN would cost a try. */
static enum sg_status check_credentials(struct core *core, const struct config *config,
                                        struct sg_error *why)
{
    for (size_t i = 0; i < config->lane_count; i++) {
        if (!goes_on(core, config, i) && pin_change_outdates(core, &config->lanes[i])) {
            return sg_fail(why, SG_PRECONDITION,
                           "lane '%s': its PIN was changed after this process was given "
                           "its credential: make the credential anew and restart the "
                           "gateway; nothing was reloaded",
                           config->lanes[i].name);
        }
    }
    return SG_OK;
}

/* All lanes and ceremonies look for a key by what the start's configuration says. */
static enum sg_status check_object(const struct core *core, size_t index,
                                   const struct config *config, struct sg_error *why)
{
    const struct key *key = &core->keyring.keys[index];
    const struct config_key *now = berth_placement(config, key);

    if (config_same_object(&key->config->object, &now->object)) {
        return SG_OK;
    }
    return sg_fail(why, SG_PRECONDITION,
                   "id and uri of key '%s' cannot be changed while the gateway runs; "
                   "restart it; nothing was reloaded",
                   key->config->name);
}

static enum sg_status check_objects(const struct core *core, const struct config *config,
                                    struct sg_error *why)
{
    for (size_t i = 0; i < core->keyring.count; i++) {
        TRY(check_object(core, i, config, why));
    }
    return SG_OK;
}

/* A restart is advised, for keys that are new or otherwise, only where it would succeed.
 */
static enum sg_status check_known(struct core *core, struct keyring *fresh,
                                  const struct config *config, struct sg_error *why)
{
    struct sg_error inner = {0};
    enum sg_status status = known_take_all(core->ledger, fresh, config, &inner);

    return status == SG_OK
               ? SG_OK
               : sg_fail(why, status, "%s; nothing was reloaded",
                         inner.text[0] != '\0' ? inner.text : sg_status_text(status));
}

static enum sg_status check(struct core *core, const struct config *config,
                            struct sg_error *why)
{
    const struct berth *log = &core->berths[core->log_berth];

    TRY(check_objects(core, config, why));
    if (stays(core, log, config)) {
        TRY(check_credentials(core, config, why));
        return check_room(core, config, why);
    }
    return sg_fail(why, SG_PRECONDITION,
                   "lane '%s' holds the log key and cannot be changed while the gateway "
                   "runs; restart it; nothing was reloaded",
                   lane_name(log->lane));
}

static void dismiss(struct core *core, struct berth *berth)
{
    notes_add(core, "lane.leaving", lane_name(berth->lane), "");
    log_event(LOG_INFO, "lane.leaving", "lane", lane_name(berth->lane), NULL);
    berth->leaving = true;
    lane_dismiss(berth->lane);
}

/* Until they tick they are memory and nothing else. Those that they take the place of
 * have not left yet, and stand in berths before or behind. */
static enum sg_status make_lanes(struct core *core, const struct config *config,
                                 struct sg_error *why)
{
    for (size_t i = 0; i < config->lane_count; i++) {
        TRY(goes_on(core, config, i) ? SG_OK : berth_open(core, config, i, why));
    }
    return SG_OK;
}

static void unmake_lanes(struct core *core, const struct config *config)
{
    for (size_t i = 0; i < core->berth_count; i++) {
        if (core->berths[i].lane != NULL && core->berths[i].config == config) {
            berth_unmake(&core->berths[i]);
        }
    }
}

static void welcome(struct core *core, const struct berth *berth)
{
    notes_add(core, "lane.added", lane_name(berth->lane), "");
    log_event(LOG_INFO, "lane.added", "lane", lane_name(berth->lane), NULL);
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
        if (one->rules || in_use(core, one->config) || one->config == core->newest) {
            at = &one->next;
        } else {
            *at = one->next;
            config_free(one->config);
            free(one);
        }
    }
}

/* --- What keys may sign ------------------------------------------------------------ */

/* NULL: the key is not in it, and nobody is entitled to it any more. */
static const struct config_key *named(const struct config *config, const struct key *key)
{
    for (size_t i = 0; i < config->key_count; i++) {
        if (strcmp(config->keys[i].name, key->config->name) == 0) {
            return &config->keys[i];
        }
    }
    return NULL;
}

/* The rules before, of each key whose rules change; NULL for the others. */
static bool set_rules(struct core *core, const struct config *config,
                      const struct config_key **before)
{
    bool changed = false;

    for (size_t i = 0; i < core->keyring.count; i++) {
        const struct key *key = &core->keyring.keys[i];
        const struct config_key *rules = named(config, key);
        if (rules != NULL && !config_same_rules(key_rules(key), rules)) {
            before[i] = key_rules(key);
            key_rule(key, rules);
            changed = true;
        }
    }
    return changed;
}

static void reset_rules(struct core *core, const struct config_key *const *before)
{
    for (size_t i = 0; i < core->keyring.count; i++) {
        if (before[i] != NULL) {
            key_rule(&core->keyring.keys[i], before[i]);
        }
    }
}

/* Every job that is not decided yet is judged again, by the new binding of its key. */
static enum sg_status take_rules(struct core *core, struct reloaded *one)
{
    const struct config_key **before = (const struct config_key **)calloc(
        core->keyring.count + 1, sizeof(const struct config_key *));
    enum sg_status status = SG_OK;

    if (before == NULL) {
        return SG_NO_MEMORY;
    }
    if (set_rules(core, one->config, before)) {
        one->rules = true;
        status = routes_succeed(core, core->policy);
    }
    if (status != SG_OK) {
        reset_rules(core, before); /* others may have read it: one->rules stays */
    }
    free(before);
    return status;
}

/* --- All of it --------------------------------------------------------------------- */

static void exchange_lanes(struct core *core, const struct config *config)
{
    for (size_t i = 0; i < core->berth_count; i++) {
        struct berth *berth = &core->berths[i];
        if (berth->lane != NULL && !berth->leaving && berth->config != config &&
            !stays(core, berth, config)) {
            dismiss(core, berth);
        }
    }
    for (size_t i = 0; i < core->berth_count; i++) {
        if (core->berths[i].lane != NULL && core->berths[i].config == config) {
            welcome(core, &core->berths[i]);
        }
    }
    ceremony_rest_new(core);
}

/* First what may fail and can be taken back; the rest cannot fail. */
static enum sg_status apply(struct core *core, struct reloaded *one, struct sg_error *why)
{
    const struct config *config = one->config;

    TRY(check(core, config, why));
    enum sg_status status = make_lanes(core, config, why);
    if (status == SG_OK) {
        status = take_rules(core, one);
    }
    if (status != SG_OK) {
        unmake_lanes(core, config);
        return status;
    }
    exchange_lanes(core, config);
    admission_follow(&core->admission, config);
    core->newest = config;
    return SG_OK;
}

enum sg_status core_reload(struct core *core, struct config *config,
                           struct keyring *fresh, struct sg_error *why)
{
    struct reloaded *one = (struct reloaded *)calloc(1, sizeof(*one));

    if (one == NULL) {
        config_free(config);
        return SG_NO_MEMORY;
    }
    *one = (struct reloaded){.config = config, .next = core->reloaded};
    core->reloaded = one;
    enum sg_status status = check_known(core, fresh, config, why);
    if (status == SG_OK) {
        status = apply(core, one, why);
    }
    drop_unused(core);
    report_update(core, true);
    return status;
}

void core_forget_callers(struct core *core)
{
    agenda_drop_callers(core, core->newest);
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
