#ifndef SEGEL_GATEWAY_CORE_WATCH_BOARD_H
#define SEGEL_GATEWAY_CORE_WATCH_BOARD_H

#include <pthread.h>
#include <stdatomic.h>

#include "gateway/core/watch/report.h"

struct core;

/* The core's side of its report: written by the core thread, copied by any. */
struct report_board {
    pthread_mutex_t lock; /* leaf */
    struct core_report report;
    _Atomic int64_t beat_us;      /* CLOCK_MONOTONIC of the last update */
    _Atomic int64_t lanes_us;     /* likewise: all lanes were looked after */
    atomic_uint_fast64_t version; /* grows when a state changed, not with each count */
};

/* Core thread only. changed: a state changed, not only a count. */
void report_update(struct core *core, bool changed);

#endif
