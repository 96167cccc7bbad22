#ifndef SEGEL_GATEWAY_CORE_TURN_JOB_LOG_H
#define SEGEL_GATEWAY_CORE_TURN_JOB_LOG_H

#include "gateway/core/turn/job.h"
#include "gateway/log_gate.h"

/* A log line for a job that is about to be answered: "job.signed" and "job.replayed" at
 * level debug, the others ("job.denied", "job.failed" …) at info, bounded by a gate each.
 * For whoever follows one job or trace; the transparency log says more. Core thread. */
struct job_log {
    struct log_gate good;
    struct log_gate bad;
};

void job_log(struct job_log *log, const struct job *job, int64_t now_us);

#endif
