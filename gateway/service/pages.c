#include <stdlib.h>

#include "gateway/service/inside.h"
#include "gateway/service/monitor.h"

/* The local pages. All of it runs on the admin thread, which has a copy of the core's
 * report of its own. */
enum { HTTP_FINE = 200, HTTP_UNFIT = 503 };

static struct vitals look(struct services *services)
{
    core_report(services->options.core, services->page_report);
    return (struct vitals){.report = services->page_report,
                           .draining = atomic_load(&services->draining),
                           .log_readable = reading_sound(services->reading)};
}

static int write_metrics(void *context, FILE *out)
{
    struct services *services = (struct services *)context;

    core_report_callers(services->options.core, services->page_callers);
    const struct monitor monitor = {
        .version = SEGEL_VERSION,
        .vitals = look(services),
        .counts = server_counts(services->server),
        .jobs = core_load(services->options.core),
        .callers = services->page_callers,
        .caller_count = services->options.config->caller_count,
        .watchers = atomic_load(&services->watchers),
    };

    monitor_write(&monitor, out);
    return HTTP_FINE;
}

/* Everything is as it should be; else a line for each thing that is not. */
static int write_health(void *context, FILE *out)
{
    const struct vitals vitals = look((struct services *)context);

    if (serving_amiss(&vitals, out)) {
        return HTTP_UNFIT;
    }
    (void)fputs("ok\n", out);
    return HTTP_FINE;
}

/* Jobs would be taken now, for every key that can be used at all: what the health service
 * says of "". */
static int write_readiness(void *context, FILE *out)
{
    const struct vitals vitals = look((struct services *)context);

    if (serving_of(&vitals, "") == SERVING_YES) {
        (void)fputs("ready\n", out);
        return HTTP_FINE;
    }
    if (!serving_amiss(&vitals, out)) {
        (void)fputs("there is no key that can be used\n", out);
    }
    return HTTP_UNFIT;
}

static const struct admin_page table[] = {
    {"/metrics", "text/plain; version=0.0.4; charset=utf-8", write_metrics},
    {"/healthz", "text/plain; charset=utf-8", write_health},
    {"/readyz", "text/plain; charset=utf-8", write_readiness},
};

void services_pages(struct services *services, struct admin_options *options)
{
    options->pages = table;
    options->page_count = SG_COUNT(table);
    options->context = services;
}
