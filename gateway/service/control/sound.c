#include "gateway/service/control/sound.h"

#include <limits.h>
#include <string.h>

#include "gateway/admin.h"
#include "gateway/anchor/anchor.h"
#include "gateway/clock.h"
#include "gateway/config/files.h"
#include "gateway/core/log/reserve.h"
#include "gateway/core/officers/quorum.h"
#include "gateway/http/http.h"
#include "gateway/ledger/origin.h"
#include "gateway/log.h"
#include "gateway/service/control/control.h"
#include "gateway/service/door.h"
#include "gateway/service/sign/logos.h"
#include "gateway/tsa/tsa.h"

static enum sg_status check_admin(const struct config *config, struct sg_error *why)
{
    return config->admin_address[0] == '\0' ? SG_OK
                                            : admin_check(config->admin_address, why);
}

static enum sg_status check_quorum(const struct config *config, struct sg_error *why)
{
    struct quorum *quorum = NULL;

    TRY(quorum_load(config, &quorum, why));
    quorum_free(quorum);
    return SG_OK;
}

static enum sg_status check_proxies(const struct config *config, struct sg_error *why)
{
    TRY(http_check_proxy("status.proxy", config->status_proxy, why));
    TRY(http_check_proxy("tsa.proxy", config->tsa_proxy, why));
    return http_check_proxy("anchoring.proxy", config->anchoring_proxy, why);
}

static enum sg_status check_door(const struct config *config, struct sg_error *why)
{
    struct door door;

    door_open(config, &door);
    return server_check(&door.options, why);
}

enum sg_status sound_check_dates(const struct config *config, struct sg_error *why)
{
    struct door door;

    door_open(config, &door);
    return server_check_dates(&door.options, why);
}

/* Files first: whoever reads them afterwards waits for no pipe. */
enum sg_status sound_check(const struct config *config, struct keyring *ring,
                           struct sg_error *why)
{
    static enum sg_status (*const checks[])(const struct config *config,
                                            struct sg_error *why) = {
        config_files_check, check_admin,  check_proxies, control_check,
        logos_check,        status_check, tsa_check,     anchors_check,
    };

    TRY(origin_check(config->ledger_origin, why));
    for (size_t i = 0; i < SG_COUNT(checks); i++) {
        TRY(checks[i](config, why));
    }
    return keyring_load(config, clock_wall_us(), ring, why);
}

/* A door may be shut for a while; who comes by it stays in the file. */
static void tell_caller(const struct config *config, const struct config_caller *caller,
                        FILE *out)
{
    bool local = strncmp(caller->match, "uid:", 4) == 0;
    const char *door = local ? config->listen_unix : config->listen_address;

    if (door[0] == '\0') {
        (void)fprintf(out,
                      "caller '%s' is known by a %s and cannot connect: %s is empty\n",
                      caller->name, local ? "user id" : "certificate",
                      local ? "listen.unix" : "listen.address");
    }
}

/* The ledger is there already, or its folder is. */
static bool measure(const char *ledger, uint64_t *left, uint64_t *total)
{
    const char *slash = strrchr(ledger, '/');
    char folder[PATH_MAX];

    (void)snprintf(folder, sizeof(folder), "%.*s",
                   slash == NULL ? 1 : (int)(slash - ledger) + 1,
                   slash == NULL ? "." : ledger);
    return reserve_measure(ledger, left, total) || reserve_measure(folder, left, total);
}

static void tell_disk(const struct config *config, FILE *out)
{
    struct reserve reserve = {.percent = config->reserve_percent};
    uint64_t left = 0;
    uint64_t total = 0;
    char text[256];

    if (measure(config->ledger_file, &left, &total) &&
        reserve_take(&reserve, left, total) == RESERVE_REACHED) {
        reserve_print(&reserve, text, sizeof(text));
        (void)fprintf(out, "%s\n", text);
    }
}

enum sg_status sound_doubt(const struct config *config, FILE *out, struct sg_error *why)
{
    struct keyring ring = {0};
    enum sg_status status = keyring_load(config, clock_wall_us(), &ring, why);

    for (size_t i = 0; status == SG_OK && i < ring.count; i++) {
        struct sg_error doubt = {0};
        if (keyring_trusts(&ring, i, &doubt) != SG_OK) {
            (void)fprintf(out, "%s\n", doubt.text);
        }
    }
    keyring_fini(&ring);
    for (size_t i = 0; i < config->caller_count; i++) {
        tell_caller(config, &config->callers[i], out);
    }
    tell_disk(config, out);
    return status;
}

void sound_tell_doubts(const struct keyring *ring)
{
    for (size_t i = 0; i < ring->count; i++) {
        struct sg_error doubt = {0};
        if (keyring_trusts(ring, i, &doubt) != SG_OK) {
            log_event(LOG_WARN, "key.doubted", "why", doubt.text, NULL);
        }
    }
}

enum sg_status sound_look(const struct config *config, struct sg_error *why)
{
    struct keyring ring = {0};
    enum sg_status status = sound_check(config, &ring, why);

    keyring_fini(&ring);
    TRY(status);
    TRY(check_quorum(config, why));
    return check_door(config, why);
}
