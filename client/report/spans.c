#include "client/report/facts_inside.h"
#include "proto/text.h"

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

/* --- Starts ------------------------------------------------------------------------ */

void span_place(struct report *report, uint64_t index)
{
    report->places[index % REPORT_PLACES] =
        (struct report_place){report->log_ends_us, report->seen_us};
}

/* Before its `boot` a start settles what the run before left open: those OUTCOMEs have
 * the time of the start, and say nothing of how long the gateway was there. The `boot`
 * tells how many records the start found. */
static struct report_place place_of(const struct report *report, const json_t *boot)
{
    const char *text = json_string_value(json_object_get(boot, "last_size"));
    uint64_t here = report->read_from + report->records;
    uint64_t found = here;

    if (text == NULL || text_uint(slice_str(text), here, &found) != SG_OK ||
        found < report->read_from || here - found >= REPORT_PLACES) {
        found = here;
    }
    return report->places[found % REPORT_PLACES];
}

/* A record whose clock was in the past does not say how long the gateway was there, when
 * an earlier one is younger. */
int64_t span_seen(const struct report *report, const json_t *boot, int64_t time_us)
{
    struct report_place place = place_of(report, boot);
    bool younger = place.seen_us <= time_us && place.seen_us > place.log_ends_us;

    return younger ? place.seen_us : place.log_ends_us;
}
