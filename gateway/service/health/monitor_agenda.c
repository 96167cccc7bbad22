#include "gateway/service/health/monitor.h"

/* Incidents, and what comes due. */

static void write_incidents(const struct agenda *agenda, FILE *out)
{
    static const char *const oral[] = {"oral"};
    static const char *const written[] = {"written"};

    metrics_begin(out, METRIC_INCIDENTS_OPEN);
    for (int kind = 0; kind < INCIDENT_KINDS; kind++) {
        const char *const labels[] = {incident_kind_name((enum incident_kind)kind)};
        metrics_uint(out, METRIC_INCIDENTS_OPEN, labels, agenda->open[kind]);
    }
    metrics_begin(out, METRIC_NOTICES_OVERDUE);
    metrics_uint(out, METRIC_NOTICES_OVERDUE, oral, agenda->overdue_oral);
    metrics_uint(out, METRIC_NOTICES_OVERDUE, written, agenda->overdue_written);
}

void monitor_write_agenda(const struct monitor *monitor, FILE *out)
{
    const struct agenda *agenda = monitor->agenda;

    write_incidents(agenda, out);
    if (agenda->count == 0) {
        return;
    }
    metrics_begin(out, METRIC_EXPIRY);
    for (size_t i = 0; i < agenda->count; i++) {
        const struct agenda_item *item = &agenda->items[i];
        const char *const labels[] = {expiry_name(item->kind), item->name};
        metrics_seconds(out, METRIC_EXPIRY, labels, item->until_us - monitor->now_us);
    }
}
