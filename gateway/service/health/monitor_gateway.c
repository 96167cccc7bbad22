#include "gateway/service/health/monitor.h"

/* The gateway itself: whether it signs, its clock, its log, its connections. */

static void one(FILE *out, enum metric metric, uint64_t value)
{
    metrics_begin(out, metric);
    metrics_uint(out, metric, NULL, value);
}

static void one_time(FILE *out, enum metric metric, int64_t us)
{
    metrics_begin(out, metric);
    metrics_seconds(out, metric, NULL, us);
}

static void write_limits(const struct server_counts *counts, FILE *out)
{
    metrics_begin(out, METRIC_LIMIT_REFUSALS);
    for (int i = 0; i < LIMIT_COUNT; i++) {
        const char *const label[] = {limits_row((enum limit)i)->label};
        if (label[0][0] != '\0') {
            metrics_uint(out, METRIC_LIMIT_REFUSALS, label, counts->refused[i]);
        }
    }
    one(out, METRIC_CONNECTIONS, counts->connections);
    one(out, METRIC_HANDSHAKES, counts->handshakes);
    one(out, METRIC_CALLS_OPEN, counts->calls);
    one(out, METRIC_OUTPUT_BYTES, counts->output_bytes);
    one(out, METRIC_INPUT_BYTES, counts->input_bytes);
}

static void write_policy(const struct policy_report *policy, FILE *out)
{
    const char *const labels[] = {policy->id, policy->version, policy->sha256};

    metrics_begin(out, METRIC_POLICY_INFO);
    metrics_uint(out, METRIC_POLICY_INFO, labels, 1);
    one(out, METRIC_POLICY_LOADS, policy->loads);
    one(out, METRIC_POLICY_REJECTS, policy->rejects);
}

static void write_clock(const struct clock_report *clock, FILE *out)
{
    int64_t offset_us = clock->offset_us;

    one(out, METRIC_CLOCK_SYNCHRONISED, clock->known && clock->synchronised ? 1 : 0);
    one_time(out, METRIC_CLOCK_OFFSET, offset_us < 0 ? -offset_us : offset_us);
    one(out, METRIC_CLOCK_STEPPED, clock->stepped ? 1 : 0);
    one(out, METRIC_CLOCK_DOUBTED, clock->doubted ? 1 : 0);
}

void monitor_write_gateway(const struct monitor *monitor, FILE *out)
{
    const char *const version[] = {monitor->version};
    const struct vitals *vitals = &monitor->vitals;

    metrics_begin(out, METRIC_BUILD_INFO);
    metrics_uint(out, METRIC_BUILD_INFO, version, 1);
    one_time(out, METRIC_STARTED, vitals->report->started_us);
    one(out, METRIC_SIGNING, vitals->report->signing && !vitals->draining ? 1 : 0);
    one(out, METRIC_LOCKED_DOWN, vitals->report->locked_down ? 1 : 0);
    one(out, METRIC_DRAINING, vitals->draining ? 1 : 0);
    one(out, METRIC_RESTING, vitals->resting ? 1 : 0);
    one(out, METRIC_RELOAD_TAKEN, monitor->reload_refused ? 0 : 1);
    one_time(out, METRIC_RELOADED,
             monitor->reloaded_us != 0 ? monitor->reloaded_us
                                       : vitals->report->started_us);
    one(out, METRIC_LOG_READABLE, vitals->log_readable ? 1 : 0);
    one(out, METRIC_LEDGER_DISK_FREE, vitals->report->disk_free);
    one(out, METRIC_DENIED_ALL, vitals->report->ban.rule[0] != '\0' ? 1 : 0);
    one(out, METRIC_LEDGER_DISK_LOW, vitals->report->disk_low ? 1 : 0);
    write_clock(&vitals->report->clock, out);
    one(out, METRIC_LOG_RECORDS, vitals->report->log_size);
    one(out, METRIC_LOG_CHECKPOINT_RECORDS, vitals->report->checkpoint_size);
    one_time(out, METRIC_LOG_CHECKPOINT, vitals->report->checkpoint_us);
    one(out, METRIC_LOG_CHECKPOINT_INTERVAL, (uint64_t)vitals->report->checkpoint_s);
    one(out, METRIC_LOG_CHECKED_RECORDS, monitor->scrubbed.records);
    one(out, METRIC_LOG_CHECKED, (uint64_t)(monitor->scrubbed.ended_us / 1000000));
    write_policy(&vitals->report->policy, out);
    one(out, METRIC_JOBS, monitor->jobs);
    one(out, METRIC_WATCHERS, monitor->watchers);
    one(out, METRIC_KEY_WATCHERS, monitor->key_watchers);
    one(out, METRIC_LOG_READERS, monitor->log_readers);
    one(out, METRIC_CONNECTIONS_OPENED, monitor->counts.connections_opened);
    one(out, METRIC_CONNECTIONS_CUT, monitor->counts.connections_cut);
    one(out, METRIC_HANDSHAKES_FAILED, monitor->counts.handshakes_failed);
    one(out, METRIC_CALLS_STARTED, monitor->counts.calls_started);
    one(out, METRIC_CALLS_REFUSED, monitor->counts.calls_refused);
    write_limits(&monitor->counts, out);
}
