#include "gateway/core/lane/route.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/core/core_inside.h"

enum sg_status routes_make(struct core *core)
{
    int64_t now_us = clock_mono_us();

    size_t callers = core->options.config->caller_count;

    core->routes = (struct route *)calloc(core->keyring.count + 1, sizeof(*core->routes));
    /* Most pairs of key and caller never meet: their memory is never touched. */
    core->flows = (struct fair_flow *)calloc(core->keyring.count * callers + 1,
                                             sizeof(*core->flows));
    if (core->routes == NULL || core->flows == NULL) {
        return SG_NO_MEMORY;
    }
    TAILQ_INIT(&core->busy);
    for (size_t i = 0; i < core->keyring.count; i++) {
        fair_init(&core->routes[i].waiting, &core->flows[i * callers],
                  core->admission.weights, core->admission.share);
        core->routes[i].dark_us = now_us;
    }
    return SG_OK;
}

void routes_fini(struct core *core)
{
    free(core->routes);
    free(core->flows);
}

size_t route_index(const struct core *core, const struct key *key)
{
    return (size_t)(key - core->keyring.keys);
}

/* --- Which lanes hold a key ------------------------------------------------------ */

/* What the lanes that are up say of one key. */
struct survey {
    struct binding
        *found[CONFIG_LANES_MAX]; /* owned shares; NULL = not asked or not up */
    int best;                     /* index in found; NO_BERTH: none */
    struct binding *kept;         /* owned share: what the key was, by another policy */
};

static void free_survey(struct survey *survey)
{
    for (size_t i = 0; i < CONFIG_LANES_MAX; i++) {
        binding_give(survey->found[i]);
    }
    binding_give(survey->kept);
}

/* One that came up a moment ago counts when that was noted and the keys were bound anew:
 * its token may say other things than before it went down, and no job that was judged by
 * those may reach it. */
bool route_takes(const struct berth *berth)
{
    return berth->lane != NULL && !berth->leaving && berth->seen == LANE_UP &&
           lane_state(berth->lane) == LANE_UP;
}

static bool may_serve(const struct berth *berth, size_t key)
{
    return route_takes(berth) && berth->positions[key] >= 0;
}

static enum sg_status ask_lanes(const struct core *core, size_t key,
                                struct policy *policy, struct survey *out)
{
    out->best = NO_BERTH;
    for (size_t i = 0; i < core->berth_count; i++) {
        const struct berth *berth = &core->berths[i];
        if (!may_serve(berth, key)) {
            continue;
        }
        TRY(binding_make(&core->keyring.keys[key], policy, berth->lane,
                         (size_t)berth->positions[key], &out->found[i]));
        if (out->best == NO_BERTH ||
            binding_better(out->found[i], out->found[out->best])) {
            out->best = (int)i;
        }
    }
    return SG_OK;
}

/* A lane that shows the key worse than the best one does gets none of its jobs: they were
 * judged by what the best one says. */
static uint64_t alike(const struct survey *survey)
{
    uint64_t berths = 0;

    for (size_t i = 0; i < CONFIG_LANES_MAX; i++) {
        if (survey->found[i] != NULL &&
            binding_alike(survey->found[i], survey->found[survey->best])) {
            berths |= 1ULL << i;
        }
    }
    return berths;
}

/* Lanes that are down said nothing: what they held they are taken to hold still. */
static uint64_t asked(const struct survey *survey)
{
    uint64_t berths = 0;

    for (size_t i = 0; i < CONFIG_LANES_MAX; i++) {
        berths |= survey->found[i] != NULL ? 1ULL << i : 0;
    }
    return berths;
}

/* One that is down may hold it: the key is not refused for what others lack. */
static bool all_answered(const struct core *core, size_t key)
{
    for (size_t i = 0; i < core->berth_count; i++) {
        const struct berth *berth = &core->berths[i];
        if (berth->lane != NULL && !berth->leaving && berth->positions[key] >= 0 &&
            lane_state(berth->lane) != LANE_UP) {
            return false;
        }
    }
    return true;
}

static void tell_key(struct core *core, const struct key *key,
                     const struct binding *binding)
{
    notes_add(core, binding->usable ? "key.load" : "key.refuse", key->config->name,
              binding->usable ? cert_serial(key->cert) : binding->why);
    if (!binding->usable) {
        log_event(LOG_WARN, "key.refused", "key", key->config->name, "why", binding->why,
                  NULL);
    }
}

static void tell_lane(const struct core *core, const struct key *key, size_t berth,
                      const char *why)
{
    log_event(LOG_WARN, "key.lane_left_out", "key", key->config->name, "lane",
              lane_name(core->berths[berth].lane), "why", why, NULL);
}

/* A lane that was named for the key and does not serve it is worth a line. */
static void tell_left_out(const struct core *core, const struct key *key,
                          const struct survey *survey, uint64_t berths)
{
    for (size_t i = 0; i < CONFIG_LANES_MAX; i++) {
        const struct binding *found = survey->found[i];
        if (found == NULL || (berths & (1ULL << i)) != 0 ||
            (!found->usable && key->config->lanes.count == 0)) {
            continue;
        }
        tell_lane(core, key, i,
                  found->usable
                      ? "its token says less of the key than another lane's, by "
                        "the policy or in its assurance"
                      : found->why);
    }
}

/* Nobody can say now what the key is: it stays what it was. */
static bool says_nothing(const struct core *core, size_t index,
                         const struct survey *survey)
{
    return survey->best == NO_BERTH ||
           (!survey->found[survey->best]->usable && !all_answered(core, index));
}

/* The lanes of the survey serve the key from now on. */
static void set_berths(struct core *core, size_t index, const struct survey *survey)
{
    struct route *route = &core->routes[index];
    uint64_t berths = alike(survey);
    uint64_t silent = route->berths & ~asked(survey);

    if ((route->berths | berths) != route->berths) {
        tell_left_out(core, &core->keyring.keys[index], survey, berths);
    }
    route->berths = survey->found[survey->best]->usable ? berths | silent : 0;
}

/* None that answered can sign with it: they get none of its jobs, which wait for those
 * that are away. */
static void leave_out(struct core *core, size_t index, const struct survey *survey)
{
    struct route *route = &core->routes[index];
    uint64_t lost = route->berths & asked(survey);

    route->berths &= ~lost;
    for (size_t i = 0; i < CONFIG_LANES_MAX; i++) {
        if ((lost & (1ULL << i)) != 0) {
            tell_lane(core, &core->keyring.keys[index], i, survey->found[i]->why);
        }
    }
}

static enum sg_status bind_one(struct core *core, size_t index)
{
    const struct key *key = &core->keyring.keys[index];
    const struct binding *present = key_binding(key);
    AUTO(free_survey) struct survey survey = {.best = NO_BERTH};

    TRY(ask_lanes(core, index, core->policy, &survey));
    if (says_nothing(core, index, &survey)) {
        leave_out(core, index, &survey);
        return SG_OK;
    }
    struct binding *best = survey.found[survey.best];
    set_berths(core, index, &survey);
    if (present != NULL && binding_equal(present, best)) {
        return SG_OK;
    }
    if (present == NULL || !binding_alike(present, best) ||
        strcmp(present->why, best->why) != 0) {
        tell_key(core, key, best);
    }
    survey.found[survey.best] = NULL; /* its share goes to the key */
    key_bind(key, best);
    return SG_OK;
}

static enum sg_status bind_or_say(struct core *core, size_t index, struct sg_error *why)
{
    enum sg_status status = bind_one(core, index);

    return status == SG_OK
               ? SG_OK
               : sg_fail(why, status, "key '%s' cannot be bound to the policy",
                         core->keyring.keys[index].config->name);
}

enum sg_status routes_bind(struct core *core, struct sg_error *why)
{
    for (size_t i = 0; i < core->keyring.count; i++) {
        TRY(bind_or_say(core, i, why));
    }
    return SG_OK;
}

static enum sg_status bind_if_dark(struct core *core, size_t index, struct sg_error *why)
{
    bool dark = !route_other(core, index, 0) && all_answered(core, index);

    return dark ? bind_or_say(core, index, why) : SG_OK;
}

enum sg_status routes_bind_dark(struct core *core, struct sg_error *why)
{
    for (size_t i = 0; i < core->keyring.count; i++) {
        TRY(bind_if_dark(core, i, why));
    }
    return SG_OK;
}

/* --- Another policy ---------------------------------------------------------------- */

static enum sg_status survey_by(const struct core *core, size_t index,
                                struct policy *policy, struct survey *out)
{
    const struct key *key = &core->keyring.keys[index];
    const struct binding *present = key_binding(key);

    TRY(ask_lanes(core, index, policy, out));
    return says_nothing(core, index, out) && present != NULL
               ? binding_remake(key, present, policy, &out->kept)
               : SG_OK;
}

static void succeed(struct core *core, size_t index, struct survey *survey)
{
    const struct key *key = &core->keyring.keys[index];

    if (survey->kept != NULL) {
        key_bind(key, survey->kept);
        survey->kept = NULL;
    } else if (!says_nothing(core, index, survey)) {
        set_berths(core, index, survey);
        key_bind(key, survey->found[survey->best]);
        survey->found[survey->best] = NULL;
    }
}

/* One survey for each key. What may fail comes first. */
static enum sg_status succeed_all(struct core *core, struct policy *policy,
                                  struct survey *surveys)
{
    for (size_t i = 0; i < core->keyring.count; i++) {
        TRY(survey_by(core, i, policy, &surveys[i]));
    }
    for (size_t i = 0; i < core->keyring.count; i++) {
        succeed(core, i, &surveys[i]);
    }
    return SG_OK;
}

enum sg_status routes_succeed(struct core *core, struct policy *policy)
{
    size_t count = core->keyring.count;
    struct survey *surveys = (struct survey *)calloc(count + 1, sizeof(*surveys));

    if (surveys == NULL) {
        return SG_NO_MEMORY;
    }
    enum sg_status status = succeed_all(core, policy, surveys);
    for (size_t i = 0; i < count; i++) {
        free_survey(&surveys[i]);
    }
    free(surveys);
    return status;
}

/* Who came too late, or to a lane that was gone or went meanwhile, says nothing of the
 * key. */
void route_note(struct core *core, const struct key *key,
                const struct lane_result *result)
{
    struct route *route = &core->routes[route_index(core, key)];

    if (result->status == SG_OK) {
        route->failures = 0;
    } else if (!result->unused && result->status != SG_TIMEOUT &&
               result->status != SG_INDETERMINATE) {
        route->failures++;
        (void)snprintf(route->failed_why, sizeof(route->failed_why), "%s", result->why);
    }
}
