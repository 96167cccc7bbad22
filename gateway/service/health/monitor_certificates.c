#include <string.h>

#include "gateway/service/health/monitor.h"

/* The status of signing certificates. */

static void write_certificate_states(const struct monitor *monitor, FILE *out)
{
    static const char *const states[] = {"good", "revoked", "suspended", "unknown",
                                         "off"};

    metrics_begin(out, METRIC_KEY_STATUS);
    for (size_t i = 0; i < monitor->status_count * SG_COUNT(states); i++) {
        const struct key_status *status = &monitor->statuses[i / SG_COUNT(states)];
        const char *const labels[] = {status->key, states[i % SG_COUNT(states)]};
        const char *state = status_state_name(&status->view);
        metrics_uint(out, METRIC_KEY_STATUS, labels,
                     strcmp(labels[1], state) == 0 ? 1 : 0);
    }
}

static int64_t status_age(const struct monitor *monitor, const struct status_view *view)
{
    return view->authentic && monitor->now_us > view->this_update_us
               ? monitor->now_us - view->this_update_us
               : 0;
}

static int64_t status_fetched(const struct monitor *monitor,
                              const struct status_view *view)
{
    (void)monitor;
    return view->fetched_us;
}

static int64_t status_failed(const struct monitor *monitor,
                             const struct status_view *view)
{
    (void)monitor;
    return view->fetch_failed ? 1 : 0;
}

static const struct {
    enum metric metric;
    bool time;
    int64_t (*value)(const struct monitor *monitor, const struct status_view *view);
} status_numbers[] = {
    {METRIC_KEY_STATUS_AGE, true, status_age},
    {METRIC_KEY_STATUS_FETCHED, true, status_fetched},
    {METRIC_KEY_STATUS_FAILED, false, status_failed},
};

void monitor_write_certificates(const struct monitor *monitor, FILE *out)
{
    write_certificate_states(monitor, out);
    for (size_t row = 0; row < SG_COUNT(status_numbers); row++) {
        metrics_begin(out, status_numbers[row].metric);
        for (size_t i = 0; i < monitor->status_count; i++) {
            const char *const name[] = {monitor->statuses[i].key};
            int64_t value =
                status_numbers[row].value(monitor, &monitor->statuses[i].view);
            if (status_numbers[row].time) {
                metrics_seconds(out, status_numbers[row].metric, name, value);
            } else {
                metrics_uint(out, status_numbers[row].metric, name, (uint64_t)value);
            }
        }
    }
}
