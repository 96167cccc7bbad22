#ifndef SEGEL_GATEWAY_LOG_GATE_H
#define SEGEL_GATEWAY_LOG_GATE_H

#include "proto/base.h"

/* Bounds how many log lines of a kind are written: LOG_GATE_BURST at once, then
 * LOG_GATE_PER_SECOND, whoever causes them. What was left out is counted and told with
 * the next line. One thread; the zero state is open. */
enum { LOG_GATE_BURST = 50, LOG_GATE_PER_SECOND = 10 };

struct log_gate {
    int64_t full_us; /* CLOCK_MONOTONIC: when all of the burst is there again */
    uint64_t skipped;
};

/* Whether one more line may be written now; then *skipped is how many were left out since
 * the last one. */
bool log_gate_passes(struct log_gate *gate, int64_t now_us, uint64_t *skipped);

#endif
