#include "gateway/service/services.h"

#include <stdlib.h>

#include "gateway/core/watch/agenda.h"
#include "gateway/service/inside.h"
#include "gateway/service/keys/watch.h"
#include "gateway/service/log/call.h"
#include "gateway/service/mail.h"
#include "gateway/service/methods.h"
#include "gateway/service/policy/clerk.h"
#include "gateway/service/sign/authorities.h"
#include "gateway/service/sign/explain.h"
#include "gateway/service/sign/stamping.h"
#include "gateway/tsa/tsa.h"

enum { SCRATCH_BYTES = 4 << 20 };

void finish_plain(struct grpc_call *call, enum sg_status status, const char *text)
{
    const char *sentence = text == NULL ? sg_status_text(status) : text;

    grpc_finish(call, status, status == SG_OK ? NULL : sentence, slice_of(NULL, 0));
}

struct service_loop *loop_of(struct services *services, const struct grpc_call *call)
{
    return &services->loops[grpc_call_name(call).loop];
}

/* --- Making ---------------------------------------------------------------------- */

static enum sg_status make_loops(struct services *services)
{
    const struct config *config = services->options.config;
    size_t jobs = (size_t)config->queue_limit * 2;

    services->loop_count = (unsigned)config->io_loops;
    services->loops =
        (struct service_loop *)calloc(services->loop_count, sizeof(*services->loops));
    if (services->loops == NULL) {
        services->loop_count = 0;
        return SG_NO_MEMORY;
    }
    for (unsigned i = 0; i < services->loop_count; i++) {
        services->loops[i].replies.wake_fd = -1;
        STAILQ_INIT(&services->loops[i].pool.idle);
        LIST_INIT(&services->loops[i].open);
        LIST_INIT(&services->loops[i].key_watches);
    }
    for (unsigned i = 0; i < services->loop_count; i++) {
        struct service_loop *loop = &services->loops[i];
        loop->services = services;
        loop->index = i;
        job_pool_init(&loop->pool, jobs);
        loop->taken = (uint32_t *)calloc(config->caller_count + 1, sizeof(uint32_t));
        if (loop->taken == NULL) {
            return SG_NO_MEMORY;
        }
        TRY(mbox_init(&loop->replies, 0));
        TRY(health_init(&loop->health));
        TRY(arena_init(&loop->scratch, SCRATCH_BYTES));
    }
    return SG_OK;
}

static enum sg_status make_methods(struct services *services)
{
    size_t count = 0;
    const struct grpc_method *table = methods_served(&count);

    services->methods = (struct grpc_method *)calloc(count + REFLECTION_METHODS,
                                                     sizeof(*services->methods));
    services->page_room.report =
        (struct core_report *)calloc(1, sizeof(*services->page_room.report));
    services->line_report =
        (struct core_report *)calloc(1, sizeof(*services->line_report));
    services->page_callers = (struct caller_report *)calloc(
        services->options.config->caller_count + 1, sizeof(*services->page_callers));
    services->page_agenda = (struct agenda *)calloc(1, sizeof(*services->page_agenda));
    services->explains = (struct explain_gauge *)calloc(
        services->options.config->caller_count + 1, sizeof(*services->explains));
    services->exports = (struct explain_gauge *)calloc(
        services->options.config->caller_count + 1, sizeof(*services->exports));
    services->stamps = (struct explain_gauge *)calloc(
        services->options.config->caller_count + 1, sizeof(*services->stamps));
    TRY(places_init(&services->health_places, services->options.config));
    TRY(places_init(&services->key_places, services->options.config));
    TRY(places_init(&services->log_places, services->options.config));
    if (services->stamps == NULL || services->methods == NULL ||
        services->page_room.report == NULL || services->line_report == NULL ||
        services->page_callers == NULL || services->page_agenda == NULL ||
        services->explains == NULL || services->exports == NULL) {
        return SG_NO_MEMORY;
    }
    services->method_count = count;
    for (size_t i = 0; i < count; i++) {
        services->methods[i] = table[i];
        services->methods[i].context = services;
    }
    return SG_OK;
}

/* Whoever may call at all may know what can be called: that is in the .proto files that
 * are installed with Segel, and reflection says nothing else. */
static enum sg_status make_reflection(struct services *services, struct sg_error *why)
{
    if (!services->options.config->reflection_value) {
        return SG_OK;
    }
    reflection_methods(&services->reflection, services->methods + services->method_count);
    services->method_count += REFLECTION_METHODS;
    const struct reflection_options options = {.descriptors = reflected_descriptors(),
                                               .methods = services->methods,
                                               .method_count = services->method_count,
                                               .loops = services->loop_count};
    return reflection_init(&services->reflection, &options, why);
}

static enum sg_status make_roll(struct services *services)
{
    services->roll = (struct roll *)calloc(1, sizeof(*services->roll));
    if (services->roll == NULL) {
        return SG_NO_MEMORY;
    }
    services->roll->config = services->options.config;
    return SG_OK;
}

enum sg_status services_new(const struct services_options *options, struct services **out,
                            struct sg_error *why)
{
    struct services *services = (struct services *)calloc(1, sizeof(*services));

    if (services == NULL) {
        return sg_fail(why, SG_NO_MEMORY, "no memory for the services");
    }
    services->options = *options;
    MUST(pthread_mutex_init(&services->callers_lock, NULL) == 0);
    rotation_init(&services->rotation);
    reload_told_init(&services->reloaded);
    assessment_init(&services->assessment);
    enum sg_status status = make_roll(services);
    if (status == SG_OK) {
        status = make_loops(services);
    }
    if (status == SG_OK) {
        status = make_methods(services);
    }
    if (status != SG_OK) {
        services_free(services);
        return sg_fail(why, status, "no memory for the services");
    }
    status = make_reflection(services, why);
    if (status == SG_OK) {
        status = logos_load(options->config, &services->logos, why);
    }
    if (status != SG_OK) {
        services_free(services);
        return status;
    }
    *out = services;
    return SG_OK;
}

/* The roll is written on the one thread that is here too. */
enum sg_status services_prepare(struct services *services, struct config *config,
                                struct roll **out, struct sg_error *why)
{
    TRY(roll_check(config, services->options.config, why));
    if (roll_same(config, services->roll->config)) {
        return SG_OK;
    }
    struct roll *roll = (struct roll *)calloc(1, sizeof(*roll));
    if (roll == NULL) {
        return sg_fail(why, SG_NO_MEMORY, "no memory for the list of callers");
    }
    *roll = (struct roll){.config = config, .owned = config_take(config)};
    *out = roll;
    return SG_OK;
}

void services_renew(struct services *services, struct roll *roll)
{
    if (roll == NULL) {
        return;
    }
    MUST(pthread_mutex_lock(&services->callers_lock) == 0);
    roll->older = services->roll;
    services->roll = roll;
    MUST(pthread_mutex_unlock(&services->callers_lock) == 0);
    clerk_void(services->clerk);
}

void services_rest(struct services *services, bool out, const char *reason)
{
    struct rotation_view to = {.out = out, .by = "signal"};

    (void)snprintf(to.reason, sizeof(to.reason), "%s", reason);
    (void)rotation_set(&services->rotation, &to); /* out is out, for a signal */
}

void services_reloaded(struct services *services, const struct changes *changes,
                       const char *why)
{
    reload_told_note(&services->reloaded, changes, why);
}

struct beats services_beats(const struct services *services)
{
    struct beats beats = {.loops_us = server_beat_us(services->server)};

    beats.core_us = core_beat_us(services->options.core, &beats.lanes_us);
    return beats;
}

void services_succeed(struct services *services, struct order *order)
{
    clerk_succeed(services->clerk, order);
}

void services_drain(struct services *services)
{
    atomic_store(&services->draining, true);
    for (unsigned i = 0; i < services->loop_count; i++) {
        struct letters one = STAILQ_HEAD_INITIALIZER(one);
        services->loops[i].drain.kind = LETTER_DRAIN;
        STAILQ_INSERT_TAIL(&one, &services->loops[i].drain, link);
        MUST(mbox_put(&services->loops[i].replies, &one, 1) == SG_OK);
    }
}

void services_free(struct services *services)
{
    if (services == NULL) {
        return;
    }
    tsa_free(services->tsa);
    clerk_join(services->clerk);
    free(services->logos);
    reading_join(services->reading);
    for (unsigned i = 0; i < services->loop_count; i++) {
        if (services->loops[i].replies.wake_fd >= 0) {
            mail_drop(&services->loops[i]);
        }
        job_pool_fini(&services->loops[i].pool);
        free(services->loops[i].taken);
        mbox_fini(&services->loops[i].replies);
        arena_fini(&services->loops[i].scratch);
        health_fini(&services->loops[i].health);
    }
    roll_free(services->roll);
    (void)pthread_mutex_destroy(&services->callers_lock);
    rotation_fini(&services->rotation);
    reload_told_fini(&services->reloaded);
    free(services->loops);
    reflection_fini(&services->reflection);
    free(services->methods);
    free(services->page_room.report);
    free(services->line_report);
    free(services->page_callers);
    free(services->page_agenda);
    free(services->explains);
    places_fini(&services->health_places);
    places_fini(&services->key_places);
    places_fini(&services->log_places);
    free(services->exports);
    free(services->stamps);
    authorities_free(services->authorities);
    free(services);
}

/* --- Joining transport and core -------------------------------------------------- */

void services_offer(struct services *services, struct server_options *options)
{
    options->methods = services->methods;
    options->method_count = services->method_count;
    options->identify = caller_identify;
    options->release = caller_release;
    options->identity = caller_identity;
    options->context = services;
}

static void on_period(void *context)
{
    struct service_loop *loop = (struct service_loop *)context;

    health_tick(loop);
    key_watches_tick(loop);
    log_tick(loop);
    authorities_tick(loop);
}

static void condemn(void *context, const char *finding)
{
    core_condemn((struct core *)context, finding);
}

/* More than one caller who asks for one signature after the other ever has under way. */
static bool is_busy(void *context)
{
    enum { BUSY_JOBS = 32 };

    return core_load((const struct core *)context) >= BUSY_JOBS;
}

enum sg_status services_attach(struct services *services, struct server *server,
                               struct sg_error *why)
{
    services->server = server;
    for (unsigned i = 0; i < services->loop_count; i++) {
        server_watch(server, i, services->loops[i].replies.wake_fd, mail_take,
                     &services->loops[i]);
        server_every(server, i, HEALTH_PERIOD_MS, on_period, &services->loops[i]);
    }
    TRY(stamping_start(services, why));
    TRY(authorities_new(services, why));
    TRY(clerk_start(services->options.core, services->options.config->ledger_file,
                    &services->clerk, why));
    const struct reading_options reading = {
        .ledger_path = services->options.config->ledger_file,
        .indexing = {.busy = is_busy, .context = services->options.core},
        .scrubbing = {.log_key = core_log_vkey(services->options.core),
                      .on_finding = condemn,
                      .context = services->options.core}};
    return reading_start(&reading, &services->reading, why);
}
