#define _GNU_SOURCE /* realpath, signalfd */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "gateway/clock.h"
#include "gateway/config.h"
#include "gateway/core/core.h"
#include "gateway/log.h"
#include "gateway/service/services.h"

#ifndef SEGEL_VERSION
#define SEGEL_VERSION "0.1.0"
#endif

enum { EXIT_USAGE = 2, DRAIN_LIMIT_US = 30000000, FLUSH_US = 200000 };

/* Everything that runs; released in the opposite order of its making. */
struct gateway {
    struct config *config;
    struct policy *policy;
    struct core *core;
    struct services *services;
    struct server *server;
    char hsm_program[PATH_MAX]; /* lanes are started from it again and again */
    int signals;
    int64_t drain_until_us; /* 0 = not draining */
};

static const char usage[] =
    "usage: segeld --config FILE [--check-config]\n"
    "       segeld --version | --help\n"
    "\n"
    "The signing gateway: takes jobs by gRPC, decides by the Certificate Policy, has "
    "the\n"
    "HSM sign, and records every decision. Log lines go to standard error.\n"
    "\n"
    "  --config FILE    configuration (YAML); paths in it are relative to its folder\n"
    "  --check-config   read configuration, policy and certificates, then stop\n"
    "\n"
    "SIGTERM and SIGINT end it cleanly: jobs under way are finished, the log is closed\n"
    "with a signed checkpoint.\n"
    "\n"
    "exit status: 0 ended as asked, 1 cannot run (the reason is on standard error),\n"
    "2 wrong usage\n"
    "\n"
    "example: segeld --config /etc/segel/segeld.yaml\n";

/* --- Starting -------------------------------------------------------------------- */

/* segel-hsm lies beside segeld unless the configuration says otherwise. */
static enum sg_status hsm_program(const struct config *config, char out[PATH_MAX],
                                  struct sg_error *why)
{
    char self[PATH_MAX];

    if (config->hsm_program[0] != '\0') {
        return snprintf(out, PATH_MAX, "%s", config->hsm_program) < PATH_MAX ? SG_OK
                                                                             : SG_INVALID;
    }
    ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
    if (len <= 0) {
        return sg_fail(why, SG_IO, "cannot find where segeld lies; set hsm.program");
    }
    self[len] = '\0';
    char *slash = strrchr(self, '/');
    *(slash == NULL ? self : slash) = '\0';
    int need = snprintf(out, PATH_MAX, "%s/segel-hsm", self);
    return need > 0 && need < PATH_MAX
               ? SG_OK
               : sg_fail(why, SG_INVALID, "the path of segel-hsm is too long");
}

static struct server_options server_settings(const struct config *config)
{
    struct server_options options = {
        .address = config->listen_address,
        .port = (uint16_t)config->listen_port,
        .certificate = config->tls_certificate_file,
        .private_key = config->tls_private_key_file,
        .client_ca = config->tls_client_ca_file,
        .loops = (unsigned)config->io_loops,
        .limits = SERVER_LIMITS_DEFAULT,
    };

    options.limits.connections = (uint32_t)config->io_connections;
    options.limits.deadline_default_ms = (uint32_t)config->deadline_ms;
    return options;
}

static enum sg_status make_server(struct gateway *gateway, struct sg_error *why)
{
    struct server_options options = server_settings(gateway->config);

    services_offer(gateway->services, &options);
    return server_new(&options, &gateway->server, why);
}

static enum sg_status make_core(struct gateway *gateway, struct sg_error *why)
{
    TRY(hsm_program(gateway->config, gateway->hsm_program, why));
    const struct core_options options = {
        .config = gateway->config,
        .policy = gateway->policy,
        .hsm_program = gateway->hsm_program,
        .version = SEGEL_VERSION,
    };
    return core_new(&options, &gateway->core, why);
}

static enum sg_status make_services(struct gateway *gateway, struct sg_error *why)
{
    const struct services_options options = {
        .config = gateway->config, .policy = gateway->policy, .core = gateway->core};

    return services_new(&options, &gateway->services, why);
}

/* The lanes are made before any thread; the signals are blocked before that, so that
 * every thread inherits it. */
static enum sg_status start(struct gateway *gateway, struct sg_error *why)
{
    TRY(make_core(gateway, why));
    TRY(make_services(gateway, why));
    TRY(make_server(gateway, why));
    TRY(services_attach(gateway->services, gateway->server, why));
    return server_start(gateway->server, why);
}

static enum sg_status read_files(struct gateway *gateway, const char *path,
                                 struct sg_error *why)
{
    TRY(config_load(path, &gateway->config, why));
    log_setup(gateway->config->log_level_value, gateway->config->log_format_value);
    return policy_load(gateway->config->policy_file, &gateway->policy, why);
}

/* --check-config: everything that can be said without token, ledger and port. */
static enum sg_status check_files(const struct config *config, struct sg_error *why)
{
    const struct server_options options = server_settings(config);
    struct keyring ring = {0};

    enum sg_status status = keyring_load(config, clock_wall_us(), &ring, why);
    keyring_fini(&ring);
    return status == SG_OK ? server_check(&options, why) : status;
}

/* --- Ending ---------------------------------------------------------------------- */

static bool asked_to_end(const struct gateway *gateway)
{
    struct signalfd_siginfo info;

    return read(gateway->signals, &info, sizeof(info)) == (ssize_t)sizeof(info);
}

/* Ten times a second on the main thread: listeners, connections, then the core. */
static void on_tick(void *context)
{
    struct gateway *gateway = (struct gateway *)context;
    int64_t now_us = clock_mono_us();

    if (asked_to_end(gateway) && gateway->drain_until_us == 0) {
        log_event(LOG_INFO, "draining", "why", "asked to end", NULL);
        gateway->drain_until_us = now_us + DRAIN_LIMIT_US;
        services_drain(gateway->services);
        server_drain(gateway->server);
        return;
    }
    if (gateway->drain_until_us != 0 &&
        (server_idle(gateway->server) || now_us > gateway->drain_until_us)) {
        core_finish(gateway->core);
    }
}

static void stop(struct gateway *gateway)
{
    if (gateway->server != NULL) {
        server_stop(gateway->server);
    }
    services_free(gateway->services);
    core_free(gateway->core);
    server_free(gateway->server);
    policy_free(gateway->policy);
    config_free(gateway->config);
}

/* --- Running --------------------------------------------------------------------- */

static int block_signals(void)
{
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigset_t ours;

    (void)sigemptyset(&ours);
    (void)sigaddset(&ours, SIGTERM);
    (void)sigaddset(&ours, SIGINT);
    MUST(pthread_sigmask(SIG_BLOCK, &ours, NULL) == 0);
    MUST(sigaction(SIGPIPE, &ignore, NULL) == 0);
    /* At a limit of file sizes a write shall fail, as on a full disk. */
    MUST(sigaction(SIGXFSZ, &ignore, NULL) == 0);
    return signalfd(-1, &ours, SFD_NONBLOCK | SFD_CLOEXEC);
}

static void say_ready(const struct gateway *gateway)
{
    const struct config *config = gateway->config;
    char address[128];
    char keys[24];

    (void)snprintf(address, sizeof(address), "%s:%u", config->listen_address,
                   (unsigned)server_port(gateway->server));
    (void)snprintf(keys, sizeof(keys), "%zu", config->key_count);
    log_event(LOG_INFO, "ready", "address", address, "keys", keys, "policy",
              policy_info(gateway->policy)->id, "log_key", core_log_vkey(gateway->core),
              NULL);
}

static enum sg_status run(struct gateway *gateway, struct sg_error *why)
{
    TRY(start(gateway, why));
    say_ready(gateway);
    enum sg_status status = core_run(gateway->core, on_tick, gateway);
    if (status != SG_OK) {
        (void)usleep(FLUSH_US); /* the last refusals are on their way to the callers */
        return sg_fail(why, status,
                       "the ledger failed, so signing has stopped; mend the disk "
                       "and start again: %s",
                       gateway->config->ledger_file);
    }
    log_event(LOG_INFO, "ended", "why", "as asked", NULL);
    return SG_OK;
}

static int fail(const struct sg_error *why, enum sg_status status)
{
    log_event(LOG_ERROR, "fatal", "why",
              why->text[0] != '\0' ? why->text : sg_status_text(status), NULL);
    return EXIT_FAILURE;
}

static int gateway_main(const char *path, bool only_check)
{
    struct gateway gateway = {.signals = block_signals()};
    struct sg_error why = {0};

    enum sg_status status = read_files(&gateway, path, &why);
    if (status == SG_OK && only_check) {
        status = check_files(gateway.config, &why);
    }
    if (status == SG_OK && only_check) {
        (void)printf("%s: configuration, policy and certificates are sound\n", path);
    } else if (status == SG_OK) {
        status = run(&gateway, &why);
    }
    stop(&gateway);
    return status == SG_OK ? EXIT_SUCCESS : fail(&why, status);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                            {"check-config", no_argument, NULL, 'k'},
                                            {"version", no_argument, NULL, 'V'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    const char *path = NULL;
    bool only_check = false;

    /* Before any thread is started. NOLINTNEXTLINE(concurrency-mt-unsafe) */
    for (int c; (c = getopt_long(argc, argv, "c:hV", options, NULL)) != -1;) {
        if (c == 'h' || c == 'V') {
            (void)fputs(c == 'h' ? usage : "segeld " SEGEL_VERSION "\n", stdout);
            return EXIT_SUCCESS;
        }
        if (c == '?') {
            (void)fputs("segeld: 'segeld --help' shows the options\n", stderr);
            return EXIT_USAGE;
        }
        path = c == 'c' ? optarg : path;
        only_check = only_check || c == 'k';
    }
    if (path == NULL || optind != argc) {
        (void)fputs(usage, stderr);
        return EXIT_USAGE;
    }
    return gateway_main(path, only_check);
}
