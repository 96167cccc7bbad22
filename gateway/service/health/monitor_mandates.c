#include "gateway/service/health/monitor.h"

/* What is left of the signatures that officers have granted. */

void monitor_write_mandates(const struct core_report *report, FILE *out)
{
    metrics_begin(out, METRIC_MANDATES_OPEN);
    metrics_uint(out, METRIC_MANDATES_OPEN, NULL, report->mandates_open);
    if (report->mandate_count > 0) { /* a name without a number is no sample */
        metrics_begin(out, METRIC_MANDATE_LEFT);
    }
    for (size_t i = 0; i < report->mandate_count; i++) {
        const struct mandate_report *mandate = &report->mandates[i];
        const char *const labels[] = {mandate->id, mandate->key, mandate->caller};
        metrics_uint(out, METRIC_MANDATE_LEFT, labels, mandate->left);
    }
}
