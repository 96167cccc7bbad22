#ifndef SEGEL_GATEWAY_METRICS_H
#define SEGEL_GATEWAY_METRICS_H

#include <stdio.h>

#include "proto/base.h"

/* The text format of Prometheus (0.0.4) for the rows of metrics.def. All samples of a
 * metric stand together, behind metrics_begin of it. Nothing here reads a clock or a
 * counter: the values are given. */
enum metric {
#define METRIC(id, name, type, labels, help) METRIC_##id,
#include "gateway/metrics.def"
#undef METRIC
    METRIC_COUNT
};

enum { METRIC_LABELS_MAX = 6 };

struct metric_row {
    const char *name;
    const char *type;
    const char *labels; /* "lane,kind" */
    const char *help;
};
const struct metric_row *metrics_row(enum metric metric);

void metrics_begin(FILE *out, enum metric metric);
/* values: one text for each label of the row, in their order; NULL ends them early, which
 * only a row without labels may do. Any bytes: what the format does not carry becomes a
 * '?'. */
void metrics_uint(FILE *out, enum metric metric, const char *const *values,
                  uint64_t value);
/* A histogram: bounds in microseconds, in their order; counts has one more, each for
 * itself. The labels' values as above. */
struct metric_histogram {
    const int64_t *bounds_us;
    size_t bound_count;
    const uint64_t *counts;
    uint64_t sum_us;
};
void metrics_histogram(FILE *out, enum metric metric, const char *const *values,
                       const struct metric_histogram *histogram);
/* Microseconds, written as seconds. */
void metrics_seconds(FILE *out, enum metric metric, const char *const *values,
                     int64_t value_us);

#endif
