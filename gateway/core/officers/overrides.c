#include "gateway/core/officers/overrides.h"

#include <stdio.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/core/core_inside.h"
#include "gateway/core/log/members.h"
#include "gateway/policy/review.h"

void overrides_init(struct overrides *overrides)
{
    MUST(pthread_mutex_init(&overrides->board.lock, NULL) == 0);
}

void overrides_fini(struct overrides *overrides)
{
    (void)pthread_mutex_destroy(&overrides->board.lock);
}

/* --- The board --------------------------------------------------------------------- */

static bool has_jobs(const struct override *override)
{
    return override->is.used < override->is.max;
}

static void show(struct overrides *overrides)
{
    struct override_board *board = &overrides->board;
    unsigned count = 0;

    MUST(pthread_mutex_lock(&board->lock) == 0);
    for (size_t i = 0; i < overrides->count; i++) {
        if (has_jobs(&overrides->list[i])) {
            board->list[count++] = overrides->list[i].is;
        }
    }
    MUST(pthread_mutex_unlock(&board->lock) == 0);
    atomic_store_explicit(&board->count, count, memory_order_release);
}

static bool is_for(const struct ledger_override *override, const struct job *job)
{
    return strcmp(override->key, job->key->config->name) == 0 &&
           strcmp(override->caller, job->caller->name) == 0 &&
           (override->document_class[0] == '\0' ||
            strcmp(override->document_class, job->document_class) == 0) &&
           memcmp(override->policy, policy_info(job->policy)->sha256, 32) == 0 &&
           job->signing_time_us < override->until_us;
}

static void lift(const struct ledger_override *override, const struct facts *facts,
                 struct job *job)
{
    size_t rule = policy_find_rule(job->policy, override->rule);

    if (job->lift_count == JOB_LIFTS_MAX || rule == policy_rule_count(job->policy)) {
        return;
    }
    enum relief relief =
        policy_relieve(job->policy, job->binding->facts, rule, facts, &job->verdict);
    if (relief != RELIEF_NONE) {
        job->lifts[job->lift_count++] =
            (struct job_lift){.override = override->number,
                              .rule = (uint16_t)rule,
                              .of_state = relief == RELIEF_OPEN};
    }
}

void overrides_offer(struct override_board *board, const struct facts *facts,
                     struct job *job)
{
    job->lift_count = 0;
    if (atomic_load_explicit(&board->count, memory_order_acquire) == 0) {
        return;
    }
    MUST(pthread_mutex_lock(&board->lock) == 0);
    unsigned count = atomic_load_explicit(&board->count, memory_order_relaxed);
    for (unsigned i = 0; i < count; i++) {
        if (is_for(&board->list[i], job)) {
            lift(&board->list[i], facts, job);
        }
    }
    MUST(pthread_mutex_unlock(&board->lock) == 0);
}

/* --- In the core's turn ------------------------------------------------------------ */

static struct override *find(struct overrides *overrides, uint64_t number)
{
    for (size_t i = 0; i < overrides->count; i++) {
        if (overrides->list[i].is.number == number) {
            return &overrides->list[i];
        }
    }
    return NULL;
}

/* Why it is over, whatever is left of it; NULL: it is not. */
static const char *over(const struct core *core, const struct override *override)
{
    if (clock_wall_us() >= override->is.until_us) {
        return "its time is over";
    }
    if (core->state.clock.stepped || override->clock_is_back) {
        return "the clock was set";
    }
    if (memcmp(override->is.policy, policy_info(core->policy)->sha256, 32) != 0) {
        return "another policy came in force";
    }
    return !has_jobs(override) && override->under_way == 0 ? "its jobs are used up"
                                                           : NULL;
}

bool overrides_hold(const struct core *core, const struct job *job)
{
    for (size_t i = 0; i < job->lift_count; i++) {
        const struct override *override =
            find((struct overrides *)(uintptr_t)&core->overrides, job->lifts[i].override);
        if (override == NULL || !has_jobs(override) || over(core, override) != NULL) {
            return false;
        }
    }
    return true;
}

/* Whether the rule fails, so that the job was in need of it. */
static bool bites(const struct core *core, const struct job *job,
                  const struct job_lift *one)
{
    return !one->of_state ||
           policy_relieved(job->policy, one->rule, &job->verdict, &core->state.facts);
}

void overrides_mark(struct core *core, struct job *job)
{
    for (size_t i = 0; i < job->lift_count; i++) {
        job->lifts[i].used = bites(core, job, &job->lifts[i]);
    }
}

size_t overrides_name(const struct core *core, const struct job *job,
                      struct record_lift *out)
{
    size_t count = 0;

    for (size_t i = 0; i < job->lift_count; i++) {
        const struct override *override =
            find((struct overrides *)(uintptr_t)&core->overrides, job->lifts[i].override);
        if (override != NULL && bites(core, job, &job->lifts[i])) {
            out[count++] = (struct record_lift){override->is.rule, override->is.id};
        }
    }
    return count;
}

static void change(struct overrides *overrides, struct override *override)
{
    override->unwritten = true;
    overrides->unwritten = true;
    show(overrides);
}

void overrides_use(struct core *core, const struct job *job)
{
    for (size_t i = 0; i < job->lift_count; i++) {
        struct override *override = find(&core->overrides, job->lifts[i].override);
        if (job->lifts[i].used && override != NULL) {
            override->is.used++;
            override->under_way++;
            change(&core->overrides, override);
        }
    }
}

/* One that has ended meanwhile stays ended. */
void overrides_conclude(struct core *core, struct job *job, bool failed)
{
    for (size_t i = 0; i < job->lift_count; i++) {
        struct override *override = find(&core->overrides, job->lifts[i].override);
        if (job->lifts[i].used && override != NULL) {
            override->under_way--;
            override->is.used -= failed ? 1 : 0;
            change(&core->overrides, override);
        }
        job->lifts[i].used = false;
    }
}

/* --- Their end --------------------------------------------------------------------- */

bool overrides_due(const struct core *core)
{
    bool due = core->overrides.unwritten;

    for (size_t i = 0; i < core->overrides.count && !due; i++) {
        due = over(core, &core->overrides.list[i]) != NULL;
    }
    return due;
}

static enum sg_status end(struct core *core, const struct override *override,
                          const char *why)
{
    struct members members = {.count = 0};
    char used[24];

    (void)snprintf(used, sizeof(used), "%llu", (unsigned long long) override->is.used);
    members_add(&members, "subject", override->is.rule);
    members_add(&members, "override", override->is.id);
    members_add(&members, "key", override->is.key);
    members_add(&members, "caller", override->is.caller);
    members_add(&members, "used", used);
    members_add(&members, "why", why);
    log_event(LOG_INFO, "override.end", "override", override->is.id, "rule",
              override->is.rule, "used", used, "why", why, NULL);
    TRY(members_write(core, "override.end", &members, NULL));
    return ledger_set_override(core->ledger, override->is.id, override->is.used, false);
}

static enum sg_status write_one(struct core *core, size_t *index)
{
    struct overrides *overrides = &core->overrides;
    struct override *override = &overrides->list[*index];
    const char *why = over(core, override);

    if (why == NULL) {
        (*index)++;
        bool write = override->unwritten;
        override->unwritten = false;
        return write ? ledger_set_override(core->ledger, override->is.id,
                                           override->is.used, true)
                     : SG_OK;
    }
    TRY(end(core, override, why));
    memmove(override, override + 1,
            (overrides->count - *index - 1) * sizeof(*overrides->list));
    overrides->count--;
    show(overrides);
    return SG_OK;
}

enum sg_status overrides_write(struct core *core)
{
    size_t i = 0;

    core->overrides.unwritten = false;
    while (i < core->overrides.count) {
        TRY(write_one(core, &i));
    }
    return SG_OK;
}

/* --- Their beginning --------------------------------------------------------------- */

enum sg_status overrides_open(struct core *core, const struct ledger_override *override)
{
    struct overrides *overrides = &core->overrides;
    uint64_t last =
        overrides->count == 0 ? 0 : overrides->list[overrides->count - 1].is.number;
    struct override *place = &overrides->list[overrides->count];

    MUST(overrides->count < OVERRIDES_MAX);
    TRY(ledger_add_override(core->ledger, override));
    *place = (struct override){.under_way = 0};
    TRY(ledger_next_override(core->ledger, last, &place->is));
    overrides->count++;
    show(overrides);
    return SG_OK;
}

enum sg_status overrides_start(struct core *core, struct sg_error *why)
{
    struct overrides *overrides = &core->overrides;
    enum sg_status status = SG_OK;
    uint64_t last = 0;

    while (overrides->count < OVERRIDES_MAX) {
        struct override *place = &overrides->list[overrides->count];
        *place = (struct override){.under_way = 0};
        status = ledger_next_override(core->ledger, last, &place->is);
        if (status != SG_OK) {
            break;
        }
        place->clock_is_back = register_clock_is_back(core);
        last = place->is.number;
        overrides->count++;
    }
    show(overrides);
    return status == SG_OK || status == SG_NOT_FOUND
               ? SG_OK
               : sg_fail(why, status, "the overrides cannot be read: %s",
                         ledger_why(core->ledger));
}
