#include "gateway/service/health/monitor.h"
#include "segel/lane/v1/lane.pb-c.h"

/* --- Load -------------------------------------------------------------------------- */

static const char *const class_names[JOB_CLASSES] = {
    [JOB_INTERACTIVE] = "interactive", [JOB_BULK] = "bulk"};

static void write_queues(const struct core_report *report, FILE *out)
{
    metrics_begin(out, METRIC_QUEUE_JOBS);
    for (size_t i = 0; i < JOB_CLASSES; i++) {
        metrics_uint(out, METRIC_QUEUE_JOBS, &class_names[i], report->waiting[i]);
    }
    metrics_begin(out, METRIC_QUEUE_OLDEST);
    for (size_t i = 0; i < JOB_CLASSES; i++) {
        metrics_seconds(out, METRIC_QUEUE_OLDEST, &class_names[i], report->oldest_us[i]);
    }
}

static void write_callers(const struct monitor *monitor, FILE *out)
{
    metrics_begin(out, METRIC_CALLER_JOBS);
    for (size_t i = 0; i < monitor->caller_count; i++) {
        const char *const name[] = {monitor->callers[i].name};
        metrics_uint(out, METRIC_CALLER_JOBS, name, monitor->callers[i].jobs);
    }
    metrics_begin(out, METRIC_JOBS_REFUSED);
    for (size_t i = 0; i < monitor->caller_count * REFUSALS; i++) {
        const struct caller_report *caller = &monitor->callers[i / REFUSALS];
        enum refusal why = (enum refusal)(i % REFUSALS);
        const char *const labels[] = {caller->name, refusal_name(why)};
        metrics_uint(out, METRIC_JOBS_REFUSED, labels, caller->refused[why]);
    }
    metrics_begin(out, METRIC_EXPLAINS_REFUSED);
    for (size_t i = 0; i < monitor->caller_count; i++) {
        const char *const name[] = {monitor->callers[i].name};
        metrics_uint(out, METRIC_EXPLAINS_REFUSED, name,
                     monitor->callers[i].explains_refused);
    }
}

/* --- Lanes ------------------------------------------------------------------------- */

static uint64_t is_up(const struct lane_report *lane)
{
    return lane->state == LANE_UP ? 1 : 0;
}

static uint64_t threads(const struct lane_report *lane)
{
    return lane->threads;
}

static uint64_t signatures(const struct lane_report *lane)
{
    return lane->signed_count;
}

static uint64_t failures(const struct lane_report *lane)
{
    return lane->failed_count;
}

static uint64_t lost(const struct lane_report *lane)
{
    return lane->lost_count;
}

static uint64_t hung(const struct lane_report *lane)
{
    return lane->hung_count;
}

static uint64_t canaries(const struct lane_report *lane)
{
    return lane->canary_count;
}

static uint64_t pin_failures(const struct lane_report *lane)
{
    return lane->pin_failures;
}

static const struct {
    enum metric metric;
    uint64_t (*value)(const struct lane_report *lane);
} lane_numbers[] = {
    {METRIC_LANE_UP, is_up},
    {METRIC_LANE_THREADS, threads},
    {METRIC_LANE_SIGNATURES, signatures},
    {METRIC_LANE_FAILURES, failures},
    {METRIC_LANE_LOST, lost},
    {METRIC_LANE_HUNG, hung},
    {METRIC_LANE_CANARIES, canaries},
    {METRIC_LANE_PIN_FAILURES, pin_failures},
};

static void write_lane_numbers(const struct core_report *report, FILE *out)
{
    for (size_t row = 0; row < SG_COUNT(lane_numbers); row++) {
        metrics_begin(out, lane_numbers[row].metric);
        for (size_t i = 0; i < report->lane_count; i++) {
            const char *const name[] = {report->lanes[i].name};
            metrics_uint(out, lane_numbers[row].metric, name,
                         lane_numbers[row].value(&report->lanes[i]));
        }
    }
}

static const struct {
    enum metric metric;
    size_t offset; /* of an int64_t in lane_report: microseconds since 1970 */
} lane_times[] = {
    {METRIC_LANE_SINCE, offsetof(struct lane_report, since_us)},
    {METRIC_LANE_SUCCEEDED, offsetof(struct lane_report, succeeded_us)},
    {METRIC_LANE_FAILED, offsetof(struct lane_report, failed_us)},
};

static void write_lane_times(const struct core_report *report, FILE *out)
{
    for (size_t row = 0; row < SG_COUNT(lane_times); row++) {
        metrics_begin(out, lane_times[row].metric);
        for (size_t i = 0; i < report->lane_count; i++) {
            const char *const name[] = {report->lanes[i].name};
            int64_t us = 0;
            memcpy(&us, (const char *)&report->lanes[i] + lane_times[row].offset,
                   sizeof(us));
            metrics_seconds(out, lane_times[row].metric, name, us);
        }
    }
}

const char *const monitor_kinds[LANE_KINDS] = {
    [LANE_RSA] = "rsa", [LANE_CURVE] = "curve"};

static void write_kinds(const struct core_report *report, FILE *out)
{
    metrics_begin(out, METRIC_LANE_IN_FLIGHT);
    for (size_t i = 0; i < report->lane_count * LANE_KINDS; i++) {
        const struct lane_report *lane = &report->lanes[i / LANE_KINDS];
        const char *const labels[] = {lane->name, monitor_kinds[i % LANE_KINDS]};
        metrics_uint(out, METRIC_LANE_IN_FLIGHT, labels,
                     lane->outstanding[i % LANE_KINDS]);
    }
    metrics_begin(out, METRIC_LANE_MEAN);
    for (size_t i = 0; i < report->lane_count * LANE_KINDS; i++) {
        const struct lane_report *lane = &report->lanes[i / LANE_KINDS];
        const char *const labels[] = {lane->name, monitor_kinds[i % LANE_KINDS]};
        metrics_seconds(out, METRIC_LANE_MEAN, labels, lane->mean_us[i % LANE_KINDS]);
    }
    metrics_begin(out, METRIC_LANE_P99);
    for (size_t i = 0; i < report->lane_count * LANE_KINDS; i++) {
        const struct lane_report *lane = &report->lanes[i / LANE_KINDS];
        const char *const labels[] = {lane->name, monitor_kinds[i % LANE_KINDS]};
        metrics_seconds(out, METRIC_LANE_P99, labels, lane->p99_us[i % LANE_KINDS]);
    }
}

static void write_states(const struct core_report *report, FILE *out)
{
    static const enum lane_state states[] = {LANE_UP,   LANE_STARTING, LANE_TRYING,
                                             LANE_DOWN, LANE_LATCHED,  LANE_AWAITING};

    metrics_begin(out, METRIC_LANE_STATE);
    for (size_t i = 0; i < report->lane_count * SG_COUNT(states); i++) {
        const struct lane_report *lane = &report->lanes[i / SG_COUNT(states)];
        enum lane_state state = states[i % SG_COUNT(states)];
        const char *const labels[] = {lane->name, serving_lane_state(state)};
        metrics_uint(out, METRIC_LANE_STATE, labels, lane->state == state ? 1 : 0);
    }
}

/* Bits with names. */
struct flag {
    uint32_t bit;
    const char *name;
};
static const struct flag measures[] = {
    {SEGEL__LANE__V1__CONFINEMENT__CONFINEMENT_SYSTEM_CALLS, "system-calls"},
    {SEGEL__LANE__V1__CONFINEMENT__CONFINEMENT_CAPABILITIES, "capabilities"},
    {SEGEL__LANE__V1__CONFINEMENT__CONFINEMENT_READ_ONLY, "read-only"},
};
static const struct flag warnings[] = {
    {TOKEN_PIN_COUNT_LOW, "count-low"},
    {TOKEN_PIN_FINAL_TRY, "final-try"},
    {TOKEN_PIN_LOCKED, "locked"},
};

static void write_flags(FILE *out, enum metric metric, const struct lane_report *lane,
                        const struct flag *flag, uint32_t bits)
{
    const char *const labels[] = {lane->name, flag->name};

    metrics_uint(out, metric, labels, (bits & flag->bit) != 0 ? 1 : 0);
}

static void write_bits(const struct core_report *report, FILE *out)
{
    metrics_begin(out, METRIC_LANE_PIN_WARNING);
    for (size_t i = 0; i < report->lane_count * SG_COUNT(warnings); i++) {
        const struct lane_report *lane = &report->lanes[i / SG_COUNT(warnings)];
        write_flags(out, METRIC_LANE_PIN_WARNING, lane, &warnings[i % SG_COUNT(warnings)],
                    lane->token_flags);
    }
    metrics_begin(out, METRIC_LANE_CONFINEMENT);
    for (size_t i = 0; i < report->lane_count * SG_COUNT(measures); i++) {
        const struct lane_report *lane = &report->lanes[i / SG_COUNT(measures)];
        write_flags(out, METRIC_LANE_CONFINEMENT, lane, &measures[i % SG_COUNT(measures)],
                    lane->confinement);
    }
}

static void write_tokens(const struct core_report *report, FILE *out)
{
    metrics_begin(out, METRIC_LANE_TOKEN_INFO);
    for (size_t i = 0; i < report->lane_count; i++) {
        const struct lane_report *lane = &report->lanes[i];
        const char *const labels[] = {
            lane->name,        lane->token.label,  lane->token.manufacturer,
            lane->token.model, lane->token.serial, lane->token.firmware};
        metrics_uint(out, METRIC_LANE_TOKEN_INFO, labels, 1);
    }
}

/* --- Keys -------------------------------------------------------------------------- */

static uint64_t usable(const struct key_report *key)
{
    return key->usable ? 1 : 0;
}

static uint64_t serves(const struct key_report *key)
{
    return key->serving ? 1 : 0;
}

static uint64_t key_failures(const struct key_report *key)
{
    return key->failures;
}

static uint64_t lanes(const struct key_report *key)
{
    return key->lanes;
}

static uint64_t lanes_up(const struct key_report *key)
{
    return key->lanes_up;
}

static uint64_t jobs_left(const struct key_report *key)
{
    return key->life.activation.mode == ACTIVATION_NONE ? 0 : key->left;
}

static uint64_t open_until(const struct key_report *key)
{
    return (uint64_t)key->life.activation.until_us / 1000000;
}

static const struct {
    enum metric metric;
    uint64_t (*value)(const struct key_report *key);
} key_numbers[] = {
    {METRIC_KEY_USABLE, usable},
    {METRIC_KEY_FAILURES, key_failures},
    {METRIC_KEY_SERVING, serves},
    {METRIC_KEY_LANES, lanes},
    {METRIC_KEY_LANES_UP, lanes_up},
    {METRIC_KEY_ACTIVATION_LEFT, jobs_left},
    {METRIC_KEY_ACTIVATION_UNTIL, open_until},
};

static void write_life(const struct core_report *report, FILE *out)
{
    metrics_begin(out, METRIC_KEY_STATE);
    for (size_t i = 0; i < report->key_count; i++) {
        for (int state = 0; state < KEY_STATES; state++) {
            const char *const labels[] = {report->keys[i].name,
                                          key_state_name((enum key_state)state)};
            metrics_uint(out, METRIC_KEY_STATE, labels,
                         report->keys[i].life.state == (enum key_state)state ? 1 : 0);
        }
    }
}

static void write_keys(const struct core_report *report, FILE *out)
{
    write_life(report, out);
    for (size_t row = 0; row < SG_COUNT(key_numbers); row++) {
        metrics_begin(out, key_numbers[row].metric);
        for (size_t i = 0; i < report->key_count; i++) {
            const char *const name[] = {report->keys[i].name};
            metrics_uint(out, key_numbers[row].metric, name,
                         key_numbers[row].value(&report->keys[i]));
        }
    }
}

void monitor_write(const struct monitor *monitor, FILE *out)
{
    const struct core_report *report = monitor->vitals.report;

    monitor_write_gateway(monitor, out);
    write_queues(report, out);
    write_callers(monitor, out);
    monitor_write_times(monitor, out);
    write_lane_numbers(report, out);
    write_lane_times(report, out);
    write_kinds(report, out);
    write_states(report, out);
    write_bits(report, out);
    write_tokens(report, out);
    write_keys(report, out);
    monitor_write_certificates(monitor, out);
    monitor_write_anchors(report, out);
    monitor_write_agenda(monitor, out);
    monitor_write_stamps(&monitor->stamps, out);
    monitor_write_mandates(report, out);
}
