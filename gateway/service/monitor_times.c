#include "gateway/service/monitor.h"

/* /metrics: where the time of jobs goes, and which rules denied. */

static const char *const kind_names[LANE_KINDS] = {
    [LANE_RSA] = "rsa", [LANE_CURVE] = "curve"};

static void write_histogram(FILE *out, enum metric metric, const char *const *labels,
                            const struct stage_histogram *from)
{
    uint64_t counts[STAGE_BUCKETS];

    for (size_t i = 0; i < STAGE_BUCKETS; i++) {
        counts[i] = atomic_load_explicit(&from->buckets[i], memory_order_relaxed);
    }
    const struct metric_histogram histogram = {
        .bounds_us = stage_bounds_us,
        .bound_count = STAGE_BOUNDS,
        .counts = counts,
        .sum_us = atomic_load_explicit(&from->sum_us, memory_order_relaxed)};
    metrics_histogram(out, metric, labels, &histogram);
}

static void write_stages(const struct stages *stages, FILE *out)
{
    metrics_begin(out, METRIC_STAGE_TIME);
    for (size_t i = 0; i < (size_t)STAGE_COUNT * LANE_KINDS; i++) {
        enum stage stage = (enum stage)(i / LANE_KINDS);
        size_t kind = i % LANE_KINDS;
        const char *const labels[] = {stage_name(stage), kind_names[kind]};
        write_histogram(out, METRIC_STAGE_TIME, labels, &stages->stages[stage][kind]);
    }
    metrics_begin(out, METRIC_JOB_TIME);
    for (size_t i = 0; i < (size_t)JOB_ENDS * LANE_KINDS; i++) {
        enum job_end end = (enum job_end)(i / LANE_KINDS);
        size_t kind = i % LANE_KINDS;
        const char *const labels[] = {job_end_name(end), kind_names[kind]};
        write_histogram(out, METRIC_JOB_TIME, labels, &stages->jobs[end][kind]);
    }
}

static void write_denials(const struct tally *tally, FILE *out)
{
    const char *rule;
    uint64_t denied = 0;

    for (size_t i = 0; (rule = tally_rule(tally, i, &denied)) != NULL; i++) {
        if (i == 0) {
            metrics_begin(out, METRIC_DENIALS);
        }
        metrics_uint(out, METRIC_DENIALS, &rule, denied);
    }
}

void monitor_write_times(const struct monitor *monitor, FILE *out)
{
    write_stages(monitor->stages, out);
    write_denials(monitor->tally, out);
}
