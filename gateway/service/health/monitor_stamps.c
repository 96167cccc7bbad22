#include "gateway/service/health/monitor.h"

/* Nothing where no time stamp authority is configured. */
void monitor_write_stamps(const struct tsa_counts *stamps, FILE *out)
{
    const struct {
        enum metric metric;
        uint64_t value;
    } rows[] = {
        {METRIC_TSA_TOKENS, stamps->tokens},
        {METRIC_TSA_FAILURES, stamps->failures},
        {METRIC_TSA_WITHOUT, stamps->without},
        {METRIC_TSA_WAITING, stamps->waiting},
        {METRIC_TSA_AUTHORITIES, stamps->authorities},
        {METRIC_TSA_RESTING, stamps->resting},
    };

    for (size_t i = 0; stamps->authorities > 0 && i < SG_COUNT(rows); i++) {
        metrics_begin(out, rows[i].metric);
        metrics_uint(out, rows[i].metric, NULL, rows[i].value);
    }
}
