#include <stdio.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/core/core_inside.h"
#include "gateway/core/officers/effects.h"
#include "gateway/policy/review.h"
#include "proto/quorum/wanted.h"
#include "proto/text.h"

/* A soft rule is lifted, for one case. */
enum { US_PER_S = 1000000 };

static enum sg_status read_it(const struct ledger_request *request,
                              struct wanted_override *out, struct wanted *wanted,
                              struct sg_error *why)
{
    *out = (struct wanted_override){
        .rule = "", .key = "", .caller = "", .document_class = ""};
    if (wanted_read(request->method, request->message, wanted) != SG_OK) {
        return sg_fail(why, SG_CORRUPT, "the ledger's request cannot be read");
    }
    wanted_override(wanted, out);
    return SG_OK;
}

/* --- Whether ----------------------------------------------------------------------- */

static enum sg_status check_rule(const struct core *core, const char *id,
                                 struct sg_error *why)
{
    size_t index = policy_find_rule(core->policy, id);

    if (index == policy_rule_count(core->policy)) {
        return sg_fail(why, SG_NOT_FOUND, "the policy in force has no rule '%s'", id);
    }
    const struct rule_info *rule = policy_rule(core->policy, index);
    if (rule->level != RULE_SOFT) {
        return sg_fail(why, SG_PRECONDITION,
                       "rule %s is %s: only a soft rule can be lifted", id,
                       rule->level == RULE_HARD ? "hard" : "advisory");
    }
    return rule->mode == RULE_ENFORCE
               ? SG_OK
               : sg_fail(why, SG_PRECONDITION,
                         "rule %s refuses nothing (its mode is not enforce)", id);
}

static bool is_caller(const struct core *core, const char *name)
{
    bool found = false;

    for (size_t i = 0; i < core->newest->caller_count; i++) {
        found = found || strcmp(core->newest->callers[i].name, name) == 0;
    }
    return found;
}

static bool is_key(const struct core *core, const char *name)
{
    bool found = false;

    for (size_t i = 0; i < core->keyring.count; i++) {
        found = found || strcmp(core->keyring.keys[i].config->name, name) == 0;
    }
    return found;
}

/* Whether it is offered to jobs of the class that the wish is for, too. */
static bool is_beside(const struct ledger_override *one,
                      const struct wanted_override *wish, const char *class)
{
    return strcmp(one->rule, wish->rule) != 0 && strcmp(one->key, wish->key) == 0 &&
           strcmp(one->caller, wish->caller) == 0 &&
           (one->document_class[0] == '\0' || strcmp(one->document_class, class) == 0);
}

/* Other rules that a job of this class has lifted. The same rule twice takes one place.
 */
static size_t count_beside(const struct overrides *overrides,
                           const struct wanted_override *wish, const char *class)
{
    const char *rules[OVERRIDES_MAX];
    size_t count = 0;

    for (size_t i = 0; i < overrides->count; i++) {
        const struct ledger_override *one = &overrides->list[i].is;
        bool counts = is_beside(one, wish, class);
        for (size_t j = 0; j < count && counts; j++) {
            counts = strcmp(rules[j], one->rule) != 0;
        }
        if (counts) {
            rules[count++] = one->rule;
        }
    }
    return count;
}

/* What finds no place in a job would be open and lift nothing. */
static enum sg_status check_room(const struct overrides *overrides,
                                 const struct wanted_override *wish, struct sg_error *why)
{
    bool any_class = wish->document_class[0] == '\0';
    size_t most = count_beside(overrides, wish, wish->document_class);

    if (overrides->count == OVERRIDES_MAX) {
        return sg_fail(why, SG_BUSY, "%d rules are lifted already", OVERRIDES_MAX);
    }
    for (size_t i = 0; i < overrides->count && any_class; i++) {
        size_t count =
            count_beside(overrides, wish, overrides->list[i].is.document_class);
        most = count > most ? count : most;
    }
    return most < JOB_LIFTS_MAX
               ? SG_OK
               : sg_fail(why, SG_PRECONDITION,
                         "%d other rules are lifted for this key, caller and class "
                         "already, and a job comes through no more; one of them has to "
                         "end first",
                         JOB_LIFTS_MAX);
}

static enum sg_status check_case(const struct core *core,
                                 const struct wanted_override *wish, struct sg_error *why)
{
    int64_t now_us = clock_wall_us();

    if (!is_key(core, wish->key)) {
        return sg_fail(why, SG_NOT_FOUND, "there is no key '%s'", wish->key);
    }
    if (!is_caller(core, wish->caller)) {
        return sg_fail(why, SG_NOT_FOUND, "there is no caller '%s'", wish->caller);
    }
    if (core->state.clock.stepped) {
        return sg_fail(
            why, SG_PRECONDITION,
            "the clock was set: nobody can say when the time is over; find out "
            "why, and restart the gateway");
    }
    if (wish->until_us <= now_us ||
        wish->until_us > now_us + (int64_t)OVERRIDE_LIFE_S * US_PER_S) {
        return sg_fail(why, SG_PRECONDITION,
                       "its end must lie in the next 24 hours from when it is done");
    }
    return check_room(&core->overrides, wish, why);
}

static enum sg_status check_override(struct core *core,
                                     const struct ledger_request *request,
                                     struct sg_error *why)
{
    AUTO(wanted_fini) struct wanted wanted = {.message = NULL};
    struct wanted_override wish;

    TRY(read_it(request, &wish, &wanted, why));
    TRY(check_rule(core, wish.rule, why));
    return check_case(core, &wish, why);
}

/* --- What it does ------------------------------------------------------------------ */

static void fill(const struct core *core, const struct ledger_request *request,
                 const struct wanted_override *wish, struct ledger_override *out)
{
    const char *ulid = strchr(request->id, '-');

    *out = (struct ledger_override){
        .until_us = wish->until_us, .max = wish->max, .since_us = clock_wall_us()};
    (void)snprintf(out->id, sizeof(out->id), "o%s", ulid == NULL ? request->id : ulid);
    (void)snprintf(out->rule, sizeof(out->rule), "%s", wish->rule);
    (void)snprintf(out->key, sizeof(out->key), "%s", wish->key);
    (void)snprintf(out->caller, sizeof(out->caller), "%s", wish->caller);
    (void)snprintf(out->document_class, sizeof(out->document_class), "%s",
                   wish->document_class);
    memcpy(out->policy, policy_info(core->policy)->sha256, sizeof(out->policy));
}

static enum sg_status write_it(struct core *core, const struct ledger_override *override,
                               struct members *members, struct log_place *place)
{
    char until[TEXT_TIME_SIZE];
    char max[24];

    text_time(override->until_us, until);
    (void)snprintf(max, sizeof(max), "%llu", (unsigned long long) override->max);
    members_add(members, "override", override->id);
    members_add(members, "key", override->key);
    members_add(members, "caller", override->caller);
    members_add(members, "doc_class", override->document_class);
    members_add(members, "until", until);
    members_add(members, "max", max);
    return members_write(core, "override", members, place);
}

static enum sg_status open_override(struct core *core,
                                    const struct ledger_request *request,
                                    struct members *members, struct log_place *place)
{
    AUTO(wanted_fini) struct wanted wanted = {.message = NULL};
    struct ledger_override override;
    struct wanted_override wish;
    struct sg_error why = {0};

    TRY(read_it(request, &wish, &wanted, &why));
    fill(core, request, &wish, &override);
    TRY(write_it(core, &override, members, place));
    override.index = place->index;
    return overrides_open(core, &override);
}

static void after_override(struct core *core, const struct ledger_request *request)
{
    (void)core;
    log_event(LOG_WARN, "override", "rule", request->object, "param", request->param,
              "requester", request->person, NULL);
}

const struct effect effect_override = {check_override, open_override, after_override};
