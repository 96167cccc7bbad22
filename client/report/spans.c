#include "client/report/facts_inside.h"

/* Times without the gateway, or without a lane. Their ends are times of records, and a
 * clock may have been ahead when such a record was written. */

static int64_t within(const struct report_period *period, struct fact_span span)
{
    int64_t from = span.from_us > period->from_us ? span.from_us : period->from_us;
    int64_t until = span.until_us < period->until_us ? span.until_us : period->until_us;

    return until > from ? until - from : 0;
}

void span_count(const struct report_period *period, struct fact_span span, int64_t *sum,
                struct fact_span *last)
{
    if (span.until_us > span.from_us) {
        *sum += within(period, span);
        *last = span;
    }
}

/* Either the end was ahead or this record is behind: what lasted shorter was wrong. */
static void cut(const struct report *report, struct fact_span *last, int64_t time_us,
                int64_t *sum)
{
    int64_t behind_us = report->log_ends_us - last->until_us;

    if (time_us > last->from_us && time_us < last->until_us &&
        behind_us < last->until_us - time_us) {
        const struct report_period *period = &report->period;
        *sum -= within(period, (struct fact_span){time_us, last->until_us});
        last->until_us = time_us;
    }
}

void facts_cut(struct report *report, int64_t time_us)
{
    struct report_facts *facts = &report->facts;

    cut(report, &facts->gap, time_us, &facts->down_us);
    for (size_t i = 0; i < facts->lane_count; i++) {
        struct fact_lane *lane = &facts->lanes[i];
        cut(report, &lane->last, time_us,
            lane->last_rested ? &lane->rested_us : &lane->down_us);
    }
}
