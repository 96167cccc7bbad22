#include "gateway/core/watch/report.h"

#include <stdio.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/core/core_inside.h"
#include "gateway/core/key/activation.h"
#include "gateway/core/key/life.h"
#include "proto/text.h"

static void describe_lane(const struct pin_change *change, const struct berth *berth,
                          struct lane_report *out)
{
    const struct lane *lane = berth->lane;
    const struct lane_counts *counts = lane_counts(lane);

    (void)snprintf(out->name, sizeof(out->name), "%s", lane_name(lane));
    out->state = lane_state(lane);
    (void)snprintf(out->why, sizeof(out->why), "%.255s", lane_why(lane));
    out->token = *lane_token(lane);
    out->hardware = binding_on_hardware(lane);
    out->pin_failures = latch_failures(berth);
    out->pin_changed_us = strcmp(change->last_lane, out->name) == 0 ? change->last_us : 0;
    out->since_us = counts->since_us;
    out->threads = counts->threads;
    out->confinement = counts->confinement;
    out->signed_count = counts->signed_count;
    out->failed_count = counts->failed_count;
    out->lost_count = counts->lost_count;
    out->hung_count = counts->hung_count;
    out->canary_count = counts->canary_count;
    out->succeeded_us = counts->succeeded_us;
    out->failed_us = counts->failed_us;
    out->token_flags = out->token.flags;
    for (int kind = 0; kind < LANE_KINDS; kind++) {
        out->outstanding[kind] = lane_outstanding(lane, (enum lane_kind)kind);
        out->mean_us[kind] = lane_mean_us(lane, (enum lane_kind)kind);
        out->p99_us[kind] = lane_p99_us(lane, (enum lane_kind)kind);
    }
}

static size_t count_bits(uint64_t bits)
{
    return (size_t)__builtin_popcountll(bits);
}

static uint64_t up_of(const struct core *core, uint64_t berths)
{
    uint64_t up = 0;

    for (size_t i = 0; i < core->berth_count; i++) {
        const struct lane *lane = core->berths[i].lane;
        bool is_up = lane != NULL && lane_state(lane) == LANE_UP;
        up |= is_up ? berths & 1ULL << i : 0;
    }
    return up;
}

/* As positions among the lanes that are told. */
static uint64_t shown(const struct core *core, uint64_t berths)
{
    uint64_t lanes = 0;
    size_t position = 0;

    for (size_t i = 0; i < core->berth_count; i++) {
        if (core->berths[i].lane != NULL && !core->berths[i].leaving) {
            lanes |= (berths >> i & 1) << position++;
        }
    }
    return lanes;
}

static void describe_life(const struct core *core, size_t index, struct key_report *out)
{
    out->life = core->keys.rows[index];
    out->life.state = life_state(core, &core->keyring.keys[index]);
    out->left = activation_left(&out->life.activation);
    out->signatures = (uint64_t)core->state.keys[index].total;
}

/* What the tokens said of it, and which lanes hold it. Nobody asks them about a key that
 * is destroyed: what they said before is not told of it any more. */
static void describe_holders(const struct core *core, size_t index,
                             struct key_report *out)
{
    bool gone = out->life.state == KEY_DESTROYED;
    const struct binding *binding = gone ? NULL : key_binding(&core->keyring.keys[index]);
    uint64_t berths = gone ? 0 : core->routes[index].berths;

    out->known = binding != NULL;
    out->usable = binding != NULL && binding->usable && key_state_signs(out->life.state);
    (void)snprintf(out->why, sizeof(out->why), "%s",
                   binding == NULL || binding->usable ? "" : binding->why);
    out->berths = shown(core, berths);
    out->lanes = (uint32_t)count_bits(berths);
    out->lanes_up = (uint32_t)count_bits(up_of(core, berths));
    out->serving = out->usable && out->lanes_up > 0;
}

static void describe_key(const struct core *core, size_t index, int64_t now_us,
                         struct key_report *out)
{
    const struct counter *counter = &core->state.keys[index];
    const struct key *key = &core->keyring.keys[index];

    (void)snprintf(out->name, sizeof(out->name), "%s", key->config->name);
    describe_life(core, index, out);
    describe_holders(core, index, out);
    out->failures = core->routes[index].failures;
    memcpy(out->failed_why, core->routes[index].failed_why, sizeof(out->failed_why));
    out->used_today = (uint64_t)counter_of(counter, policy_day(core->policy, now_us));
    out->used = (uint64_t)counter->total;
}

/* One that leaves is not told: another of its name may be there already. */
static void describe_lanes(const struct core *core, struct core_report *report)
{
    report->lane_count = 0;
    for (size_t i = 0; i < core->berth_count; i++) {
        if (core->berths[i].lane != NULL && !core->berths[i].leaving) {
            describe_lane(&core->ceremony.change, &core->berths[i],
                          &report->lanes[report->lane_count++]);
        }
    }
}

static int64_t older_us(const struct core *core, enum job_class class)
{
    const struct route *route;
    int64_t oldest_us = 0;

    TAILQ_FOREACH(route, &core->busy, link)
    {
        int64_t us = fair_oldest_us(&route->waiting, class);
        oldest_us = us != 0 && (oldest_us == 0 || us < oldest_us) ? us : oldest_us;
    }
    return oldest_us;
}

static uint64_t waiting_of(const struct core *core, enum job_class class)
{
    const struct route *route;
    uint64_t count = 0;

    TAILQ_FOREACH(route, &core->busy, link)
    {
        count += route->waiting.depth[class];
    }
    return count;
}

static void describe_waiting(const struct core *core, struct core_report *report)
{
    int64_t now_us = clock_mono_us();

    for (int class = 0; class < JOB_CLASSES; class ++) {
        int64_t since_us = older_us(core, (enum job_class) class);
        report->oldest_us[class] = since_us == 0 ? 0 : now_us - since_us;
        report->waiting[class] = waiting_of(core, (enum job_class) class);
    }
}

static void describe_policy(const struct core *core, struct policy_report *out)
{
    const struct policy_info *info = policy_info(core->policy);

    (void)snprintf(out->id, sizeof(out->id), "%s", info->id);
    (void)snprintf(out->version, sizeof(out->version), "%lld", (long long)info->version);
    text_hex(slice_of(info->sha256, sizeof(info->sha256)), out->sha256);
    out->loads = core->succession.loads;
    out->rejects = core->succession.rejects;
}

static void describe_disk(const struct core *core, struct core_report *report)
{
    const struct state *state = &core->state;

    report->disk_low = state->reserve.low;
    report->disk_free = state->free_bytes < 0 ? 0 : (uint64_t)state->free_bytes;
    report->disk_total = state->reserve.total;
    report->disk_percent = (uint32_t)state->reserve.percent;
    report->disk_why[0] = '\0';
    if (report->disk_low) {
        reserve_print(&state->reserve, report->disk_why, sizeof(report->disk_why));
    }
}

static void describe_clock(const struct core *core, struct clock_report *out)
{
    const struct clock_watch *watch = &core->state.clock;

    out->known = watch->seen;
    out->synchronised = watch->last.synchronised;
    out->offset_us = watch->last.offset_us;
    out->stepped = watch->stepped;
    out->doubted = watch->doubted;
}

static void describe_log(const struct core *core, struct core_report *report)
{
    report->log_size = ledger_size(core->ledger);
    report->checkpoint_size = ledger_checkpoint_size(core->ledger);
    report->checkpoint_us = core->checkpoint_stored_us;
    report->checkpoint_s = core->options.config->checkpoint_s;
}

static void describe_mandate(const struct ledger_mandate *row, struct mandate_report *out)
{
    (void)snprintf(out->id, sizeof(out->id), "%s", row->id);
    (void)snprintf(out->key, sizeof(out->key), "%s", row->terms.key);
    (void)snprintf(out->caller, sizeof(out->caller), "%s", row->terms.caller);
    out->left = row->terms.max - row->used - row->reserved;
}

static void describe_mandates(const struct core *core, struct core_report *report)
{
    report->mandates_open = 0;
    report->mandate_count = 0;
    for (size_t i = core->mandates.count; i > 0; i--) {
        const struct ledger_mandate *row = &core->mandates.items[i - 1]->row;
        bool open = row->state == MANDATE_OPEN;
        report->mandates_open += open ? 1 : 0;
        if (open && report->mandate_count < REPORT_MANDATES_MAX) {
            describe_mandate(row, &report->mandates[report->mandate_count++]);
        }
    }
}

void report_update(struct core *core, bool changed)
{
    struct core_report *report = &core->board.report;
    int64_t now_us = clock_wall_us();

    atomic_store_explicit(&core->board.beat_us, clock_mono_us(), memory_order_relaxed);
    MUST(pthread_mutex_lock(&core->board.lock) == 0);
    bool locked = core->lockdown.active;
    report->signing = !core->ending && !atomic_load(&core->broken) &&
                      !core->state.reserve.low && !locked && core->ban.rule[0] == '\0';
    report->ban = core->ban;
    report->locked_down = locked;
    (void)snprintf(report->locked_down_by, sizeof(report->locked_down_by), "%s",
                   locked ? core->lockdown.person : "");
    report->started_us = core->started_us;
    describe_disk(core, report);
    describe_clock(core, &report->clock);
    describe_log(core, report);
    describe_policy(core, &report->policy);
    anchoring_report(core, report);
    describe_lanes(core, report);
    describe_waiting(core, report);
    describe_mandates(core, report);
    report->key_count = core->keyring.count;
    for (size_t i = 0; i < core->keyring.count; i++) {
        describe_key(core, i, now_us, &report->keys[i]);
    }
    MUST(pthread_mutex_unlock(&core->board.lock) == 0);
    if (changed) {
        (void)atomic_fetch_add(&core->board.version, 1);
    }
}

bool core_report_key(struct core *core, size_t index, struct key_report *out)
{
    MUST(pthread_mutex_lock(&core->board.lock) == 0);
    bool known = index < core->board.report.key_count;
    if (known) {
        *out = core->board.report.keys[index];
    }
    MUST(pthread_mutex_unlock(&core->board.lock) == 0);
    return known;
}

void core_report(struct core *core, struct core_report *out)
{
    MUST(pthread_mutex_lock(&core->board.lock) == 0);
    *out = core->board.report;
    MUST(pthread_mutex_unlock(&core->board.lock) == 0);
}

static void describe_caller(const struct caller_gauge *gauge, struct caller_report *out)
{
    out->jobs = atomic_load_explicit(&gauge->held, memory_order_relaxed);
    for (int why = 0; why < REFUSALS; why++) {
        out->refused[why] =
            atomic_load_explicit(&gauge->refused[why], memory_order_relaxed);
    }
}

void core_report_callers(const struct core *core, struct caller_report *out)
{
    for (size_t i = 0; i < core->admission.callers; i++) {
        out[i].name = core->options.config->callers[i].name;
        describe_caller(&core->admission.caller_gauges[i], &out[i]);
    }
}

int64_t core_beat_us(const struct core *core, int64_t *lanes_us)
{
    *lanes_us = atomic_load_explicit(&core->board.lanes_us, memory_order_relaxed);
    return atomic_load_explicit(&core->board.beat_us, memory_order_relaxed);
}

const struct stages *core_stages(const struct core *core)
{
    return &core->stages;
}

const struct tally *core_tally(const struct core *core)
{
    return &core->tally;
}

uint64_t core_report_version(const struct core *core)
{
    return atomic_load(&core->board.version);
}
