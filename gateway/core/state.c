#include "gateway/core/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/core/core_inside.h"
#include "gateway/core/key/activation.h"
#include "gateway/core/turn/denial.h"
#include "gateway/ledger/written.h"
#include "proto/text.h"

/* --- Counters over a restart -------------------------------------------------------- */

enum { MEMO_NAME = 96 };
static const char clock_memo[] = "clock/stepped";

static void caller_memo(const struct core *core, size_t caller, char out[MEMO_NAME])
{
    (void)snprintf(out, MEMO_NAME, "count/caller/%s",
                   core->options.config->callers[caller].name);
}

static void key_memo(const struct core *core, size_t key, char out[MEMO_NAME])
{
    (void)snprintf(out, MEMO_NAME, "count/key/%s", core->keyring.keys[key].config->name);
}

/* A count that cannot be read must not begin at nothing: a quota would be had twice. */
static enum sg_status recall_one(struct core *core, const char *name,
                                 struct counter *counter, struct sg_error *why)
{
    char text[LEDGER_MEMO_MAX];
    enum sg_status found = ledger_recall(core->ledger, name, text);

    if (found != SG_OK) {
        return found == SG_NOT_FOUND ? SG_OK : found;
    }
    return counter_parse(text, counter) == SG_OK
               ? SG_OK
               : sg_fail(why, SG_CORRUPT,
                         "the ledger's count '%s' cannot be read: '%.64s'", name, text);
}

static enum sg_status recall_all(struct core *core, struct sg_error *why)
{
    char name[MEMO_NAME];

    for (size_t i = 0; i < core->options.config->caller_count; i++) {
        caller_memo(core, i, name);
        TRY(recall_one(core, name, &core->state.callers[i], why));
    }
    for (size_t i = 0; i < core->keyring.count; i++) {
        key_memo(core, i, name);
        TRY(recall_one(core, name, &core->state.keys[i], why));
    }
    return SG_OK;
}

static enum sg_status recall_clock(struct core *core)
{
    char text[LEDGER_MEMO_MAX];
    enum sg_status found = ledger_recall(core->ledger, clock_memo, text);

    core->state.clock.stepped = found == SG_OK && strcmp(text, "yes") == 0;
    return found == SG_NOT_FOUND ? SG_OK : found;
}

/* The last run ended with a record, or was ended not long behind one. */
static enum sg_status doubt_clock(struct core *core)
{
    uint64_t size = ledger_size(core->ledger);
    int64_t us = INT64_MAX;

    TRY(size == 0 ? SG_OK : ledger_written(core->ledger, size - 1, &us));
    clock_watch_doubt(&core->state.clock, us);
    if (core->state.clock.doubted) {
        log_event(LOG_WARN, "clock.doubted", "why",
                  "it is more than a day past the last run, and nobody has set it",
                  "what_to_do",
                  "have a time source set it: until then no stored answer "
                  "goes, and nobody is reminded of an end",
                  NULL);
    }
    return SG_OK;
}

enum sg_status state_start(struct core *core, struct sg_error *why)
{
    struct state *state = &core->state;

    state->callers = (struct counter *)calloc(core->options.config->caller_count + 1,
                                              sizeof(*state->callers));
    state->keys = (struct counter *)calloc(core->keyring.count + 1, sizeof(*state->keys));
    if (state->callers == NULL || state->keys == NULL) {
        return SG_NO_MEMORY;
    }
    TRY(recall_all(core, why));
    TRY(recall_clock(core));
    state->reserve.percent = core->options.config->reserve_percent;
    (void)state_look(core);
    return doubt_clock(core);
}

void state_fini(struct state *state)
{
    free(state->callers);
    free(state->keys);
}

/* How a counter of this index is called. */
typedef void (*memo_name)(const struct core *core, size_t index, char out[MEMO_NAME]);

static enum sg_status write_one(struct core *core, size_t index, memo_name memo,
                                struct counter *counter)
{
    char name[MEMO_NAME];
    char text[COUNTER_TEXT];

    if (!counter->unwritten) {
        return SG_OK;
    }
    counter->unwritten = false;
    memo(core, index, name);
    counter_print(counter, text);
    return ledger_remember(core->ledger, name, text);
}

static enum sg_status write_list(struct core *core, size_t count, memo_name memo,
                                 struct counter *counters)
{
    for (size_t i = 0; i < count; i++) {
        TRY(write_one(core, i, memo, &counters[i]));
    }
    return SG_OK;
}

static enum sg_status write_counters(struct core *core)
{
    struct state *state = &core->state;

    TRY(write_list(core, core->options.config->caller_count, caller_memo,
                   state->callers));
    TRY(write_list(core, core->keyring.count, key_memo, state->keys));
    state->counters_unwritten = false;
    return SG_OK;
}

enum sg_status state_write(struct core *core)
{
    struct state *state = &core->state;

    if (state->counters_unwritten) {
        TRY(write_counters(core));
    }
    if (state->clock_unwritten) {
        bool stepped = state->clock.stepped && !state->clock_explained;
        state->clock_unwritten = false;
        TRY(ledger_remember(core->ledger, clock_memo, stepped ? "yes" : "no"));
    }
    TRY(acquainted_write(core));
    return register_write(core);
}

/* --- Clock and disk ----------------------------------------------------------------- */

/* The instants of both clocks, for whoever has to find out why. */
static void tell_step(struct core *core, const struct clock_step *step)
{
    enum { US_PER_MS = 1000 };
    char due[TEXT_TIME_SIZE];
    char wall[TEXT_TIME_SIZE];
    char text[160];

    text_time(step->was_due_us < 0 ? 0 : step->was_due_us, due);
    text_time(step->wall_us < 0 ? 0 : step->wall_us, wall);
    (void)snprintf(text, sizeof(text), "by %+lld ms: %s where %s was due",
                   (long long)(step->wall_us - step->was_due_us) / US_PER_MS, wall, due);
    notes_add(core, "clock.step", core->options.config->node, text);
    log_event(LOG_ERROR, "clock.step", "why", text, "what_to_do",
              "find out who set the clock, then restart the gateway", NULL);
    core->state.clock_unwritten = true;
    core->grants.clock_jumped = true;
}

static void tell_reserve(struct core *core, enum reserve_change change)
{
    bool reached = change == RESERVE_REACHED;
    char text[160];

    reserve_print(&core->state.reserve, text, sizeof(text));
    notes_add(core, reached ? "disk.low" : "disk.ok", core->options.config->node, text);
    log_event(reached ? LOG_ERROR : LOG_INFO, reached ? "disk.low" : "disk.ok", "why",
              text, NULL);
}

static bool look_at_disk(struct core *core)
{
    uint64_t left = 0;
    uint64_t total = 0;
    bool known = reserve_measure(core->options.config->ledger_file, &left, &total);

    core->state.free_bytes = known ? (int64_t)left : -1;
    if (!known) {
        return false;
    }
    enum reserve_change change = reserve_take(&core->state.reserve, left, total);
    if (change != RESERVE_SAME) {
        tell_reserve(core, change);
    }
    return change != RESERVE_SAME;
}

/* Rules about the clock deny then, in words for a clock that is wrong. Said once: it does
 * not change while the process lives. */
static void tell_hidden_clock(struct core *core)
{
    if (!core->state.clock_hidden) {
        core->state.clock_hidden = true;
        log_event(
            LOG_ERROR, "clock.hidden", "why",
            "the kernel does not tell how good its clock is (adjtimex(2)), so rules "
            "about the clock deny",
            "what_to_do", "let the filter of the unit or container allow adjtimex", NULL);
    }
}

static void look_at_clock(struct core *core)
{
    struct clock_reading reading;
    struct clock_step step;

    if (clock_reading_take(&reading) != SG_OK) {
        tell_hidden_clock(core);
    } else if (clock_watch_take(&core->state.clock, &reading, &step)) {
        tell_step(core, &step);
    }
}

bool state_look(struct core *core)
{
    look_at_clock(core);
    return look_at_disk(core);
}

void state_finish(struct core *core)
{
    core->state.clock_explained = true;
    core->state.clock_unwritten = core->state.clock.stepped;
}

/* --- Judging ------------------------------------------------------------------------ */

void state_begin_turn(struct core *core)
{
    core->state.turn_us = clock_wall_us();
    core->keys.turn_us = register_now_us(core);
    core->state.judged = NULL;
}

static int64_t today(const struct core *core, const struct job *job)
{
    return policy_day(job->policy, core->state.turn_us);
}

static void counter_facts(const struct core *core, const struct job *job,
                          struct facts *facts)
{
    const struct counter *caller = &core->state.callers[job->caller_index];
    const struct counter *key = &core->state.keys[route_index(core, job->key)];
    int64_t day = today(core, job);

    /* With this one: "at most 20000" lets the 20000th through. */
    facts_number(facts, FACT_ID_counter_caller_day, counter_of(caller, day) + 1);
    facts_number(facts, FACT_ID_counter_key_day, counter_of(key, day) + 1);
    facts_number(facts, FACT_ID_counter_key_total, key->total + 1);
}

static void log_facts(const struct core *core, struct facts *facts)
{
    enum { US_PER_S = 1000000 };
    int64_t age_us = 0;
    bool well = !atomic_load_explicit(&core->broken, memory_order_relaxed) &&
                ledger_why(core->ledger)[0] == '\0';

    facts_bool(facts, FACT_ID_log_writable, well);
    facts_bool(facts, FACT_ID_log_durable, well);
    if (core->state.free_bytes >= 0) {
        facts_number(facts, FACT_ID_log_free_bytes, core->state.free_bytes);
    }
    if (anchoring_age_us(core, &age_us)) {
        facts_number(facts, FACT_ID_log_anchor_age_s, age_us / US_PER_S);
    }
}

/* Only the wrong PIN that was tried most often: one token of several must not hide that
 * somebody guesses at another. */
static int64_t pin_failures(const struct core *core, size_t route)
{
    uint32_t most = 0;

    for (size_t i = 0; i < core->berth_count; i++) {
        const struct berth *berth = &core->berths[i];
        bool holds = berth->lane != NULL && berth->positions[route] >= 0;
        uint32_t failures = holds ? latch_failures(berth) : 0;
        most = failures > most ? failures : most;
    }
    return most;
}

void state_general_facts(const struct core *core, struct facts *facts)
{
    clock_watch_facts(&core->state.clock, facts);
    log_facts(core, facts);
}

static void gather(struct core *core, const struct job *job, const char *repeat)
{
    struct facts *facts = &core->state.facts;

    *facts = (struct facts){0};
    state_general_facts(core, facts);
    counter_facts(core, job, facts);
    facts_number(facts, FACT_ID_counter_pin_failures,
                 pin_failures(core, route_index(core, job->key)));
    mandate_facts(&core->state.mandate, facts);
    facts_text(facts, FACT_ID_job_repeat, slice_str(repeat));
    activation_facts(register_of(core, job->key), core->keys.turn_us, facts);
    facts_bool(facts, FACT_ID_global_lockdown, core->lockdown.active);
}

enum sg_status state_look_at_mandate(struct core *core, const struct job *job)
{
    return mandates_look(core, job, &core->state.mandate);
}

void state_judge(struct core *core, struct job *job, const char *repeat)
{
    struct verdict *verdict = &job->verdict;
    bool refused = job->refuser != REFUSER_POLICY;

    if (policy_recorded(job->policy, FACT_PHASE_STATE)->count == 0) {
        return;
    }
    gather(core, job, repeat);
    core->state.judged = job;
    policy_judge_state(job->policy, &core->state.facts, verdict);
    if (refused) {
        verdict->allow = false; /* by the gateway, which goes on to say why */
    } else if (!verdict->allow) {
        denial_complete(job, &core->state.facts);
        denial_word(job);
        denial_time(job, core->state.turn_us);
    }
}

struct fact_members state_members(struct core *core, const struct job *job)
{
    struct state *state = &core->state;

    if (state->judged != job) {
        return (struct fact_members){.cut = false};
    }
    return facts_members(&state->facts, policy_recorded(job->policy, FACT_PHASE_STATE),
                         state->members, sizeof(state->members));
}

void state_add_facts(const struct core *core, const struct job *job, struct facts *facts)
{
    for (size_t i = 0; core->state.judged == job && i < FACT_COUNT; i++) {
        if (core->state.facts.value[i].present) {
            facts->value[i] = core->state.facts.value[i];
        }
    }
}

/* --- Counting ----------------------------------------------------------------------- */

void state_count(struct core *core, struct job *job)
{
    job->counted_day = today(core, job);
    counter_add(&core->state.callers[job->caller_index], job->counted_day);
    counter_add(&core->state.keys[route_index(core, job->key)], job->counted_day);
    core->state.counters_unwritten = true;
    register_use(core, job->key, &job->activation);
}

void state_give_back(struct core *core, const struct job *job)
{
    counter_give_back(&core->state.callers[job->caller_index], job->counted_day);
    counter_give_back(&core->state.keys[route_index(core, job->key)], job->counted_day);
    core->state.counters_unwritten = true;
    register_give_back(core, job->key, job->activation);
}
