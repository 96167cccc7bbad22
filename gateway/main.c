#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "gateway/admin.h"
#include "gateway/arguments.h"
#include "gateway/clock.h"
#include "gateway/config/config.h"
#include "gateway/config/files.h"
#include "gateway/core/core.h"
#include "gateway/dumps.h"
#include "gateway/heap.h"
#include "gateway/log.h"
#include "gateway/notify.h"
#include "gateway/program.h"
#include "gateway/service/control/control.h"
#include "gateway/service/control/reload.h"
#include "gateway/service/control/sound.h"
#include "gateway/service/door.h"
#include "gateway/service/errand.h"
#include "gateway/service/health/pages.h"
#include "gateway/service/health/readiness.h"
#include "gateway/service/services.h"
#include "gateway/signals.h"
#include "gateway/transport/passed.h"
#include "proto/standard.h"

enum { DRAIN_LIMIT_US = 30000000, LEAVING_US = 3000000, LEAVING_LOOK_US = 20000 };

/* Everything that runs; released in the opposite order of its making. */
struct gateway {
    struct config *config;
    struct policy *policy; /* of the file; which one is in force the core knows */
    struct core *core;
    struct services *services;
    struct status *status; /* NULL: status.dir is not set */
    struct server *server;
    const char *config_path;
    struct admin *admin; /* NULL: no local pages */
    struct pages pages;
    struct control *control;    /* NULL: no PIN is typed */
    char hsm_program[PATH_MAX]; /* lanes are started from it again and again */
    struct signals signals;
    int64_t drain_until_us; /* 0 = not draining */
    bool clients_told;      /* that they have to go */
};

/* --- Starting -------------------------------------------------------------------- */

static enum sg_status make_server(struct gateway *gateway, struct sg_error *why)
{
    struct door door;

    door_open(gateway->config, &door);
    services_offer(gateway->services, &door.options);
    TRY(server_new(&door.options, &gateway->server, why));
    passed_close_rest();
    return SG_OK;
}

/* Whether the start goes on while the log is hashed, which may be all of it, and while
 * tokens, which may hang, are opened. */
static bool on_start(void *context, const char *doing)
{
    const struct gateway *gateway = (const struct gateway *)context;

    notify_waiting(doing, clock_mono_us());
    return signals_next_end(&gateway->signals) == 0;
}

/* Whether the start goes on: PINs may come meanwhile, or a signal to end. Others wait. */
static bool on_wait(void *context, struct core *core)
{
    struct gateway *gateway = (struct gateway *)context;
    unsigned number = signals_next_end(&gateway->signals);

    control_tick(gateway->control, core);
    pages_wait(&gateway->pages);
    notify_waiting("waits for a PIN: 'segel token list' or 'segel pin enter LANE'",
                   clock_mono_us());
    return number == 0;
}

/* What comes then is not waited for by a person: the start is just a start. */
static void on_waited(void *context)
{
    pages_go_on(&((struct gateway *)context)->pages);
}

static enum sg_status make_core(struct gateway *gateway, struct sg_error *why)
{
    TRY(hsm_program(gateway->config, gateway->hsm_program, why));
    TRY(control_new(gateway->config, &gateway->control, why));
    const struct core_options options = {
        .config = gateway->config,
        .policy = gateway->policy,
        .hsm_program = gateway->hsm_program,
        .version = SEGEL_VERSION,
        .on_start = on_start,
        .on_wait = on_wait,
        .on_waited = on_waited,
        .wait_context = gateway,
    };
    return core_new(&options, &gateway->core, why);
}

static enum sg_status make_admin(struct gateway *gateway, struct sg_error *why)
{
    struct admin_options options = {.address = gateway->config->admin_address,
                                    .port = (uint16_t)gateway->config->admin_port};

    if (options.address[0] == '\0') {
        return SG_OK;
    }
    pages_offer(&gateway->pages, &options);
    TRY(admin_new(&options, &gateway->admin, why));
    log_event(LOG_INFO, "starting", "admin", admin_address(gateway->admin), NULL);
    return admin_start(gateway->admin, why);
}

static enum sg_status make_services(struct gateway *gateway, struct sg_error *why)
{
    const struct services_options options = {
        .config = gateway->config, .core = gateway->core, .status = gateway->status};

    return services_new(&options, &gateway->services, why);
}

/* The signals are blocked before there is any thread, so that each inherits it. Sockets
 * of systemd are ours before any lane could inherit them. The local pages come first: a
 * start may wait for a PIN, and whoever probes must not take it for dead. */
static enum sg_status start(struct gateway *gateway, struct sg_error *why)
{
    MUST(gateway->config != NULL); /* read_files went well */
    TRY(passed_collect(why));
    TRY(notify_open(why));
    TRY(config_files_credentials(gateway->config, why));
    TRY(sound_look(gateway->config, why));
    TRY(make_admin(gateway, why));
    TRY(make_core(gateway, why));
    sound_tell_doubts(core_keys(gateway->core));
    TRY(keyring_watch(core_keys(gateway->core), gateway->config, &gateway->status, why));
    TRY(make_services(gateway, why));
    TRY(make_server(gateway, why));
    TRY(services_attach(gateway->services, gateway->server, why));
    TRY(server_start(gateway->server, why));
    door_expect(gateway->server, gateway->core, gateway->config->node);
    TRY(core_start_anchors(gateway->core, why));
    pages_serve(&gateway->pages, gateway->services);
    return SG_OK;
}

static enum sg_status read_files(struct gateway *gateway, const char *path,
                                 struct sg_error *why)
{
    TRY(config_load(path, &gateway->config, why));
    log_setup(gateway->config->log_level_value, gateway->config->log_format_value);
    return policy_load(gateway->config->policy_file, &gateway->policy, why);
}

/* --- Living ---------------------------------------------------------------------- */

/* The service manager hears that we live while all that has to move does. */
static void show_life(const struct gateway *gateway)
{
    const struct beats beats = services_beats(gateway->services);
    int64_t now_us = clock_mono_us();

    if (beats_fresh(&beats, now_us, notify_patience_us() / 2, NULL)) {
        notify_alive(now_us);
    }
}

static void tell_manager(const struct gateway *gateway)
{
    notify_status(gateway->drain_until_us != 0 ? "ending: jobs under way are finished"
                                               : readiness_line(gateway->services));
    show_life(gateway);
}

/* --- Ending ---------------------------------------------------------------------- */

static void begin_to_end(struct gateway *gateway)
{
    log_event(LOG_INFO, "draining", "why", "asked to end", NULL);
    gateway->drain_until_us = clock_mono_us() + DRAIN_LIMIT_US;
    notify_say("STOPPING=1");
    services_drain(gateway->services);
}

/* A configuration that does not load whole changes nothing. */
static void reload(struct gateway *gateway)
{
    const struct reload parts = {.config_path = gateway->config_path,
                                 .start = gateway->config,
                                 .core = gateway->core,
                                 .services = gateway->services,
                                 .server = gateway->server};
    struct sg_error why = {0};
    struct changes changes;

    notify_reloading(clock_mono_us());
    enum sg_status status = reload_all(&parts, &changes, &why);
    notify_say("READY=1");
    const char *text = why.text[0] != '\0' ? why.text : sg_status_text(status);
    services_reloaded(gateway->services, status == SG_OK ? &changes : NULL, text);
    if (status != SG_OK) {
        log_event(LOG_ERROR, "reload.failed", "why", text, NULL);
        return;
    }
    bool whole = changes.restart[0] == '\0';
    log_event(whole ? LOG_INFO : LOG_WARN, "reloaded", "taken", changes.taken,
              "need_restart", changes.restart, "read",
              "files of TLS, policy, quorum file", NULL);
}

/* Whether it was the one to end. */
static bool take_signal(struct gateway *gateway, unsigned number)
{
    switch (number) {
    case SIGHUP:
        reload(gateway);
        return false;
    case SIGUSR1:
        services_rest(gateway->services, true, "SIGUSR1 on the gateway's machine");
        return false;
    case SIGUSR2:
        services_rest(gateway->services, false, "");
        return false;
    default:
        begin_to_end(gateway);
        return true;
    }
}

/* Ten times a second on the main thread. At the end: listeners, connections, then the
 * core. */
static void on_tick(void *context)
{
    struct gateway *gateway = (struct gateway *)context;

    control_tick(gateway->control, gateway->core);
    keyring_watch_more(core_keys(gateway->core), gateway->status);
    tell_manager(gateway);
    for (unsigned number; (number = signals_next(&gateway->signals)) != 0;) {
        if (gateway->drain_until_us == 0 && take_signal(gateway, number)) {
            return;
        }
    }
    /* A tick later: whoever watches our health knows before connections are closed. */
    if (gateway->drain_until_us != 0 && !gateway->clients_told) {
        gateway->clients_told = true;
        server_drain(gateway->server);
        return;
    }
    if (gateway->drain_until_us != 0 &&
        (server_idle(gateway->server) || clock_mono_us() > gateway->drain_until_us)) {
        core_finish(gateway->core);
    }
}

static void stop(struct gateway *gateway)
{
    admin_free(gateway->admin);
    control_free(gateway->control);
    if (gateway->server != NULL) {
        server_stop(gateway->server);
    }
    status_free(gateway->status);
    services_free(gateway->services);
    core_free(gateway->core);
    server_free(gateway->server);
    policy_free(gateway->policy);
    config_free(gateway->config);
}

/* --- Running --------------------------------------------------------------------- */

static void say_ready(const struct gateway *gateway)
{
    const struct config *config = gateway->config;
    struct policy *policy = core_take_policy(gateway->core);
    char version[24];
    char address[128];
    char keys[24];
    char pending[24];

    door_name(config, server_port(gateway->server, 0), address, sizeof(address));
    (void)snprintf(keys, sizeof(keys), "%zu", config->key_count);
    (void)snprintf(pending, sizeof(pending), "%zu", policy_pending(policy));
    (void)snprintf(version, sizeof(version), "%lld",
                   (long long)policy_info(policy)->version);
    log_event(LOG_INFO, "ready", "address", address, "admin",
              gateway->admin == NULL ? "off" : admin_address(gateway->admin), "keys",
              keys, "policy", policy_info(policy)->id, "policy_version", version,
              "rules_not_judged", pending, "log_key", core_log_vkey(gateway->core), NULL);
    policy_free(policy);
}

/* The last answers are on their way to the callers, and whoever watches our health is
 * told at its loop's next look (HEALTH_PERIOD_MS). A peer that does not read holds no end
 * up. */
static void let_answers_leave(const struct gateway *gateway)
{
    int64_t until_us = clock_mono_us() + LEAVING_US;

    while (!server_idle(gateway->server) && clock_mono_us() < until_us) {
        (void)usleep(LEAVING_LOOK_US);
    }
}

static enum sg_status run(struct gateway *gateway, struct sg_error *why)
{
    enum sg_status status = start(gateway, why);
    if (status == SG_SHUTDOWN) { /* somebody ended what waits for a PIN: no failure */
        notify_say("STOPPING=1");
        return SG_OK;
    }
    TRY(status);
    say_ready(gateway);
    notify_say("READY=1");
    status = core_run(gateway->core, on_tick, gateway);
    if (status != SG_OK) {
        let_answers_leave(gateway);
        return sg_fail(why, status, "the ledger %s failed, so signing has stopped: %s",
                       gateway->config->ledger_file, core_why(gateway->core));
    }
    if (clock_mono_us() > gateway->drain_until_us) {
        let_answers_leave(gateway); /* of what was not begun any more */
    }
    return SG_OK;
}

static int fail(const struct sg_error *why, enum sg_status status)
{
    log_event(LOG_ERROR, "fatal", "why",
              why->text[0] != '\0' ? why->text : sg_status_text(status), NULL);
    return EXIT_FAILURE;
}

static int print_config(const char *path)
{
    struct sg_error why = {0};
    enum sg_status status = errand_print(path, &why);

    return status == SG_OK ? EXIT_SUCCESS : fail(&why, status);
}

static int ask_page(const char *url)
{
    struct sg_error why = {0};
    enum sg_status status = errand_probe(url, &why);

    return status == SG_OK ? EXIT_SUCCESS : fail(&why, status);
}

static int gateway_main(const struct arguments *arguments)
{
    struct gateway gateway = {.signals = signals_block(),
                              .config_path = arguments->config};
    struct sg_error why = {0};

    /* It holds the key of TLS; a PIN never comes here. */
    enum sg_status status =
        dumps_forbid() ? read_files(&gateway, arguments->config, &why)
                       : sg_fail(&why, SG_IO, "the kernel refuses to forbid core dumps");
    if (status == SG_OK) {
        status = errand_asked(arguments) ? errand_run(arguments, gateway.config, &why)
                                         : run(&gateway, &why);
    }
    if (status == SG_OK && !errand_asked(arguments)) {
        log_event(LOG_INFO, "ended", "why", "as asked", NULL);
    }
    stop(&gateway);
    return status == SG_OK ? EXIT_SUCCESS : fail(&why, status);
}

int main(int argc, char **argv)
{
    struct arguments arguments;
    int code = EXIT_SUCCESS;

    if (!standard_keep()) {
        return EXIT_FAILURE;
    }
    if (!arguments_read(argc, argv, &arguments, &code)) {
        return code;
    }
    heap_settle();
    if (arguments_probe_url(&arguments)) {
        return ask_page(arguments.probe);
    }
    return arguments.only_print && !arguments.only_check ? print_config(arguments.config)
                                                         : gateway_main(&arguments);
}
