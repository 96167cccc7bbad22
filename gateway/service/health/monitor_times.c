#include "gateway/service/health/monitor.h"

/* /metrics: where the time of jobs goes, and which rules denied. */

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

/* A metric without samples is not announced. */
static void begin(FILE *out, enum metric metric, bool *begun)
{
    if (!*begun) {
        metrics_begin(out, metric);
        *begun = true;
    }
}

/* Rules that came out in one way, and the word for it. */
struct rules_row {
    enum metric metric;
    enum tally_kind kind;
    const char *word;
};

/* What was asked: a profile, of a key of a kind. */
struct asked {
    const struct stage_times *times;
    const char *operation;
    const char *kind;
};

static void write_attempts(const struct asked *asked, FILE *out)
{
    for (size_t i = 0; i < (size_t)ATTEMPT_ENDS * STAGE_COUNT; i++) {
        enum attempt_end end = (enum attempt_end)(i / STAGE_COUNT);
        enum stage stage = (enum stage)(i % STAGE_COUNT);
        const char *const labels[] = {stage_name(stage), asked->operation, asked->kind,
                                      attempt_end_name(end)};
        if (stage != STAGE_HSM || end == ATTEMPT_SIGNED) {
            write_histogram(out, METRIC_STAGE_TIME, labels,
                            &asked->times->stages[end][stage]);
        }
    }
}

static void write_jobs(const struct asked *asked, FILE *out)
{
    for (int end = 0; end < JOB_ENDS; end++) {
        const char *const labels[] = {job_end_name((enum job_end)end), asked->operation,
                                      asked->kind};
        write_histogram(out, METRIC_JOB_TIME, labels, &asked->times->jobs[end]);
    }
}

/* What was never asked has no series: most gateways see one or two. */
static void each_asked(const struct stages *stages, enum metric metric,
                       void (*write)(const struct asked *asked, FILE *out), FILE *out)
{
    bool begun = false;

    for (size_t i = 0; i < (size_t)SG_PROFILE_COUNT * LANE_KINDS; i++) {
        enum sg_profile profile = (enum sg_profile)(i / LANE_KINDS);
        size_t kind = i % LANE_KINDS;
        const struct asked asked = {&stages->times[profile][kind],
                                    sg_profile_name(profile), monitor_kinds[kind]};
        if (atomic_load_explicit(&asked.times->seen, memory_order_relaxed)) {
            begin(out, metric, &begun);
            write(&asked, out);
        }
    }
}

/* One sample of each rule that ever came out so. */
static void write_rules(const struct tally *tally, const struct rules_row *row,
                        bool *begun, FILE *out)
{
    uint64_t counts[TALLY_KINDS];
    const char *labels[] = {NULL, row->word};

    for (size_t i = 0; (labels[0] = tally_rule(tally, i, counts)) != NULL; i++) {
        if (counts[row->kind] > 0) {
            begin(out, row->metric, begun);
            metrics_uint(out, row->metric, labels, counts[row->kind]);
        }
    }
}

static void write_decisions(const struct tally *tally, FILE *out)
{
    static const char *const all[] = {"", "passed"};
    static const struct rules_row rows[] = {
#define REMARK(name, list, more, word)                                                   \
    {METRIC_ACCEPTS, (enum tally_kind)(TALLY_REMARKS + REMARK_##name), word},
#include "proto/remarks.def"
#undef REMARK
        {METRIC_ACCEPTS, TALLY_LIFTED, "lifted"},
        {METRIC_DENIALS, TALLY_REQUEST, "request"},
        {METRIC_DENIALS, TALLY_GATEWAY, "gateway"},
    };
    bool begun[METRIC_COUNT] = {false};

    begin(out, METRIC_ACCEPTS, &begun[METRIC_ACCEPTS]);
    metrics_uint(out, METRIC_ACCEPTS, all, tally_accepted(tally));
    for (size_t i = 0; i < SG_COUNT(rows); i++) {
        write_rules(tally, &rows[i], &begun[rows[i].metric], out);
    }
}

void monitor_write_times(const struct monitor *monitor, FILE *out)
{
    each_asked(monitor->stages, METRIC_STAGE_TIME, write_attempts, out);
    each_asked(monitor->stages, METRIC_JOB_TIME, write_jobs, out);
    write_decisions(monitor->tally, out);
}
