#ifndef SEGEL_GATEWAY_SERVICE_HEALTH_MONITOR_H
#define SEGEL_GATEWAY_SERVICE_HEALTH_MONITOR_H

#include "gateway/core/watch/agenda.h"
#include "gateway/core/watch/stages.h"
#include "gateway/core/watch/tally.h"
#include "gateway/metrics.h"
#include "gateway/service/health/serving.h"
#include "gateway/service/log/scrubbing.h"
#include "gateway/status/cell.h"
#include "gateway/transport/server.h"
#include "gateway/tsa/tsa.h"

/* The numbers behind /metrics, from what others say of themselves. Pure. */
struct key_status {
    const char *key;
    struct status_view view;
};
struct monitor {
    const char *version; /* of segeld */
    struct vitals vitals;
    struct scrub_report scrubbed;
    struct server_counts counts;
    bool reload_refused; /* the last one */
    int64_t reloaded_us; /* the last that was taken; 0: none since the start */
    uint64_t jobs;
    const struct caller_report *callers; /* borrowed */
    size_t caller_count;
    uint64_t watchers;                 /* calls of Health.Watch */
    uint64_t key_watchers;             /* of WatchKeys */
    uint64_t log_readers;              /* of ListRecords */
    const struct stages *stages;       /* borrowed */
    const struct tally *tally;         /* borrowed */
    const struct key_status *statuses; /* borrowed */
    size_t status_count;
    const struct agenda *agenda; /* borrowed */
    struct tsa_counts stamps;
    int64_t now_us;
};
void monitor_write(const struct monitor *monitor, FILE *out);
/* Its part about the gateway itself. */
void monitor_write_gateway(const struct monitor *monitor, FILE *out);
/* About the status of certificates. */
void monitor_write_certificates(const struct monitor *monitor, FILE *out);
/* About incidents, and what comes due. */
void monitor_write_agenda(const struct monitor *monitor, FILE *out);
/* About where the time goes, and which rules denied. */
void monitor_write_times(const struct monitor *monitor, FILE *out);
/* And about the anchors of the log; nothing where none are configured. */
void monitor_write_anchors(const struct core_report *report, FILE *out);
/* And about mandates. */
void monitor_write_mandates(const struct core_report *report, FILE *out);
/* And about time stamps. */
void monitor_write_stamps(const struct tsa_counts *stamps, FILE *out);
/* How kinds of keys are labelled. */
extern const char *const monitor_kinds[LANE_KINDS];

#endif
