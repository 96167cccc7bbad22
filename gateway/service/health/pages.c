#include "gateway/service/health/pages.h"

#include <stdlib.h>

#include "gateway/clock.h"
#include "gateway/service/door.h"
#include "gateway/service/health/monitor.h"
#include "gateway/service/health/readiness.h"
#include "gateway/service/inside.h"
#include "gateway/service/sign/explain.h"

/* The local pages. All of it runs on the admin thread, which has a copy of the core's
 * report of its own. */
enum { HTTP_FINE = 200, HTTP_UNFIT = 503, STANDSTILL_US = 10000000 };

/* One a key whose certificate somebody may have to see to; the caller frees the list. */
static struct key_status *statuses(const struct services *services,
                                   const struct core_report *report, size_t *count)
{
    const struct keyring *ring = core_keys(services->options.core);
    struct key_status *out = (struct key_status *)calloc(ring->count + 1, sizeof(*out));

    *count = 0;
    for (size_t i = 0; out != NULL && i < ring->count; i++) {
        struct key_status *next = &out[*count];
        if (key_state_over(report->keys[i].life.state)) {
            continue;
        }
        next->key = ring->keys[i].config->name;
        (void)status_look(&ring->keys[i].holder->status, &next->view);
        (*count)++;
    }
    return out;
}

/* What is not as it should be; NULL when all is well, or nobody asks. */
static const char *certificate_amiss(const struct status_view *view)
{
    if (view->source == STATUS_OFF) {
        return NULL;
    }
    if (!view->authentic || view->revoked || view->suspended) {
        return status_state_name(view);
    }
    return view->next_update_us < clock_wall_us() ? "past its next update" : NULL;
}

/* A line for each key whose certificates are not known to be good. */
static bool statuses_amiss(const struct services *services,
                           const struct core_report *report, FILE *out)
{
    size_t count = 0;
    struct key_status *all = statuses(services, report, &count);
    bool amiss = false;

    for (size_t i = 0; i < count; i++) {
        const char *what = certificate_amiss(&all[i].view);
        if (what != NULL) {
            amiss = true;
            (void)fprintf(out, "key '%s': status of its certificates: %s\n", all[i].key,
                          what);
        }
    }
    free(all);
    return amiss;
}

static void look_at_callers(struct services *services)
{
    core_report_callers(services->options.core, services->page_callers);
    for (size_t i = 0; i < services->options.config->caller_count; i++) {
        services->page_callers[i].explains_refused =
            atomic_load_explicit(&services->explains[i].refused, memory_order_relaxed);
    }
}

/* --- While the gateway starts ------------------------------------------------------ */

static struct services *served(void *context)
{
    return atomic_load(&((struct pages *)context)->services);
}

static int write_start(struct pages *pages, FILE *out)
{
    bool waits = atomic_load(&pages->waiting_us) != 0;

    (void)fputs(waits ? "the gateway starts, and waits for a PIN: 'segel token list' or "
                        "'segel pin enter LANE'\n"
                      : "the gateway starts\n",
                out);
    return HTTP_UNFIT;
}

/* How long a start may take is for the service manager to say, but who waits moves. */
static int write_start_life(struct pages *pages, FILE *out)
{
    int64_t waiting_us = atomic_load(&pages->waiting_us);

    if (waiting_us != 0 && clock_mono_us() - waiting_us >= STANDSTILL_US) {
        (void)fputs("the start stands still\n", out);
        return HTTP_UNFIT;
    }
    (void)fputs("alive: the gateway starts\n", out);
    return HTTP_FINE;
}

/* --- The pages --------------------------------------------------------------------- */

static int write_metrics(void *context, FILE *out)
{
    struct services *services = served(context);
    size_t count = 0;

    if (services == NULL) {
        return write_start((struct pages *)context, out);
    }
    const struct vitals vitals = readiness_vitals(services, &services->page_room);
    struct key_status *keys = statuses(services, vitals.report, &count);
    struct reload_told_view reloaded;

    reload_told_look(&services->reloaded, &reloaded);
    look_at_callers(services);
    core_agenda(services->options.core, services->page_agenda);
    struct monitor monitor = {
        .version = SEGEL_VERSION,
        .vitals = vitals,
        .scrubbed = reading_scrubbed(services->reading),
        .counts = server_counts(services->server),
        .reload_refused = reloaded.refused,
        .reloaded_us = reloaded.taken_us,
        .jobs = core_load(services->options.core),
        .callers = services->page_callers,
        .caller_count = services->options.config->caller_count,
        .watchers = atomic_load(&services->health_places.taken),
        .key_watchers = atomic_load(&services->key_places.taken),
        .log_readers = atomic_load(&services->log_places.taken),
        .stages = core_stages(services->options.core),
        .tally = core_tally(services->options.core),
        .statuses = keys,
        .status_count = count,
        .agenda = services->page_agenda,
        .now_us = clock_wall_us(),
    };

    if (services->tsa != NULL) {
        tsa_count(services->tsa, &monitor.stamps);
    }
    monitor_write(&monitor, out);
    free(keys);
    return HTTP_FINE;
}

/* Everything is as it should be; else a line for each thing that is not. */
static int write_health(void *context, FILE *out)
{
    struct services *services = served(context);

    if (services == NULL) {
        return write_start((struct pages *)context, out);
    }
    const struct vitals vitals = readiness_vitals(services, &services->page_room);
    bool amiss = serving_amiss(&vitals, out);
    amiss = statuses_amiss(services, vitals.report, out) || amiss;
    amiss = door_amiss(services->server, out) || amiss;
    if (amiss) {
        return HTTP_UNFIT;
    }
    (void)fputs("ok\n", out);
    return HTTP_FINE;
}

static int write_readiness(void *context, FILE *out)
{
    struct services *services = served(context);

    if (services == NULL) {
        return write_start((struct pages *)context, out);
    }
    const struct vitals vitals = readiness_vitals(services, &services->page_room);
    if (!readiness_tell(services, &vitals, out)) {
        return HTTP_UNFIT;
    }
    (void)fputs("ready\n", out);
    return HTTP_FINE;
}

/* Whether all moves that has to: whoever finds that it does not may end the process. What
 * else is amiss is no reason for that. */
static int write_life(void *context, FILE *out)
{
    const struct services *services = served(context);

    if (services == NULL) {
        return write_start_life((struct pages *)context, out);
    }
    const struct beats beats = services_beats(services);
    if (!beats_fresh(&beats, clock_mono_us(), STANDSTILL_US, out)) {
        return HTTP_UNFIT;
    }
    (void)fputs("alive\n", out);
    return HTTP_FINE;
}

static const struct admin_page table[] = {
    {"/metrics", "text/plain; version=0.0.4; charset=utf-8", write_metrics},
    {"/healthz", "text/plain; charset=utf-8", write_health},
    {"/livez", "text/plain; charset=utf-8", write_life},
    {"/readyz", "text/plain; charset=utf-8", write_readiness},
};

void pages_offer(struct pages *pages, struct admin_options *options)
{
    options->pages = table;
    options->page_count = SG_COUNT(table);
    options->context = pages;
}

void pages_wait(struct pages *pages)
{
    atomic_store(&pages->waiting_us, clock_mono_us());
}

void pages_go_on(struct pages *pages)
{
    atomic_store(&pages->waiting_us, 0);
}

void pages_serve(struct pages *pages, struct services *services)
{
    atomic_store(&pages->services, services);
}
