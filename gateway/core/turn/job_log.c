#include "gateway/core/turn/job_log.h"

#include <inttypes.h>
#include <stdio.h>

#include "gateway/core/watch/stages.h"
#include "gateway/log.h"

static void write_line(const struct job *job, enum log_level level, int64_t took_us,
                       uint64_t skipped)
{
    static const char *const events[JOB_ENDS] = {
        [JOB_END_SIGNED] = "job.signed",
        [JOB_END_REPLAYED] = "job.replayed",
        [JOB_END_DENIED] = "job.denied",
        [JOB_END_FAILED] = "job.failed",
        [JOB_END_INDETERMINATE] = "job.indeterminate",
        [JOB_END_DROPPED] = "job.dropped",
    };
    char took[24];
    char left_out[24];

    (void)snprintf(took, sizeof(took), "%" PRId64, took_us);
    (void)snprintf(left_out, sizeof(left_out), "%" PRIu64, skipped);
    log_event(level, events[job_end_of(job)], "caller", job->caller->name, "key",
              job->key->config->name, "request_id", job->request_id, "decision_id",
              job->decision_id, "trace_id", job->trace_id, "took_us", took, "why",
              job->status == SG_OK ? "" : job->why, "left_out", left_out, NULL);
}

void job_log(struct job_log *log, const struct job *job, int64_t now_us)
{
    bool good = job->status == SG_OK;
    enum log_level level = good ? LOG_DEBUG : LOG_INFO;
    uint64_t skipped = 0;

    if (log_wants(level) &&
        log_gate_passes(good ? &log->good : &log->bad, now_us, &skipped)) {
        write_line(job, level, now_us - job->came_us, skipped);
    }
}
