#ifndef SEGEL_CLIENT_REPORT_FACTS_INSIDE_H
#define SEGEL_CLIENT_REPORT_FACTS_INSIDE_H

#include <jansson.h>

#include "client/report/report.h"

/* Inside of facts.c, events.c and overload.c: records of events as JSON values; NULL: it
 * could not be read. */

/* The clean text of a member; out stays as it is when there is none. */
void fact_text(char out[FACT_TEXT], const json_t *object, const char *member);
int64_t fact_time(const json_t *object, const char *member); /* 0: none */
/* spans.c. Adds what of the span lies in the period to the sum, and remembers it. */
void span_count(const struct report_period *period, struct fact_span span, int64_t *sum,
                struct fact_span *last);
/* The time of the last record that the run before a `boot` wrote. */
int64_t span_seen(const struct report *report, const json_t *boot, int64_t time_us);
/* facts.c */
void take_key_facts(struct report *report, const json_t *record, int64_t time_us);
void take_policy(struct report *report, const json_t *record, int64_t time_us);
/* overload.c */
void take_overload(struct report *report, const json_t *record, int64_t time_us);

#endif
