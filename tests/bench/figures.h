#ifndef SEGEL_TESTS_BENCH_FIGURES_H
#define SEGEL_TESTS_BENCH_FIGURES_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "proto/base.h"
#include "proto/json.h"

/* What a load program measures: latencies, processor time, errors. */
struct figures {
    uint64_t done;
    uint64_t errors;
    uint32_t *latencies; /* owned; microseconds */
    size_t cap;
};

static inline void figures_note(struct figures *figures, uint32_t latency_us)
{
    if (figures->done == figures->cap) {
        size_t cap = figures->cap == 0 ? 65536 : figures->cap * 2;
        uint32_t *grown = (uint32_t *)realloc(figures->latencies, cap * sizeof(*grown));
        MUST(grown != NULL);
        figures->latencies = grown;
        figures->cap = cap;
    }
    figures->latencies[figures->done++] = latency_us;
}

static inline int figures_by_value(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a;
    uint32_t right = *(const uint32_t *)b;

    return left < right ? -1 : left > right;
}

/* Of this process so far. */
static inline double figures_cpu_us(void)
{
    struct rusage used;

    (void)getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e6 +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

static inline void figures_print(struct figures *figures, double seconds, double spent_us)
{
    uint64_t done = figures->done;
    char buffer[512];
    struct json_out out;
    struct slice text;

    if (done > 0) {
        qsort(figures->latencies, done, sizeof(*figures->latencies), figures_by_value);
    }
    json_start(&out, buffer, sizeof(buffer));
    json_open_object(&out, NULL);
    json_double(&out, "per_second", seconds > 0 ? (double)done / seconds : 0);
    json_uint(&out, "p50_us", done == 0 ? 0 : figures->latencies[done / 2]);
    json_uint(&out, "p99_us", done == 0 ? 0 : figures->latencies[done * 99 / 100]);
    json_uint(&out, "signed", done);
    json_uint(&out, "errors", figures->errors);
    json_double(&out, "client_cpu_us", spent_us / (done == 0 ? 1 : (double)done));
    json_end(&out);
    if (json_finish(&out, &text) == SG_OK) {
        (void)printf("%.*s\n", (int)text.len, (const char *)text.data);
    }
}

#endif
