#include <string.h>

#include "gateway/service/health/monitor.h"

/* What anchors hold of the log. */

static void write_states(const struct core_report *report, FILE *out)
{
    static const enum anchor_state states[] = {ANCHOR_UNTRIED, ANCHOR_WELL,
                                               ANCHOR_FAILING, ANCHOR_ALARM};

    metrics_begin(out, METRIC_ANCHOR_STATE);
    for (size_t i = 0; i < report->anchor_count * SG_COUNT(states); i++) {
        const struct anchor_report *anchor = &report->anchors[i / SG_COUNT(states)];
        enum anchor_state state = states[i % SG_COUNT(states)];
        const char *const labels[] = {anchor->name, anchor_state_name(state)};
        metrics_uint(out, METRIC_ANCHOR_STATE, labels, anchor->state == state ? 1 : 0);
    }
}

static int64_t records(const struct anchor_report *anchor)
{
    return (int64_t)anchor->size;
}

static int64_t lag(const struct anchor_report *anchor)
{
    return anchor->lag_us;
}

static int64_t succeeded(const struct anchor_report *anchor)
{
    return anchor->succeeded_us;
}

static int64_t failures(const struct anchor_report *anchor)
{
    return (int64_t)anchor->failures;
}

static const struct {
    enum metric metric;
    bool time;
    int64_t (*value)(const struct anchor_report *anchor);
} anchor_numbers[] = {
    {METRIC_ANCHOR_RECORDS, false, records},
    {METRIC_ANCHOR_LAG, true, lag},
    {METRIC_ANCHOR_SUCCEEDED, true, succeeded},
    {METRIC_ANCHOR_FAILURES, false, failures},
};

void monitor_write_anchors(const struct core_report *report, FILE *out)
{
    if (report->anchor_count == 0) {
        return;
    }
    if (report->anchored) { /* else nobody holds anything, and 0 would say all is held */
        metrics_begin(out, METRIC_ANCHOR_AGE);
        metrics_seconds(out, METRIC_ANCHOR_AGE, NULL, report->anchor_age_us);
    }
    write_states(report, out);
    for (size_t row = 0; row < SG_COUNT(anchor_numbers); row++) {
        metrics_begin(out, anchor_numbers[row].metric);
        for (size_t i = 0; i < report->anchor_count; i++) {
            const char *const name[] = {report->anchors[i].name};
            int64_t value = anchor_numbers[row].value(&report->anchors[i]);
            if (anchor_numbers[row].time) {
                metrics_seconds(out, anchor_numbers[row].metric, name, value);
            } else {
                metrics_uint(out, anchor_numbers[row].metric, name, (uint64_t)value);
            }
        }
    }
}
