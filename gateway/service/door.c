#include "gateway/service/door.h"

#include <stdio.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/core/watch/agenda.h"
#include "gateway/log.h"

static void add_listener(struct door *door, const char *address, uint16_t port,
                         bool plain)
{
    door->listeners[door->options.listener_count++] =
        (struct server_listener){.address = address, .port = port, .plain = plain};
}

static const char *maybe(const char *path)
{
    return path[0] == '\0' ? NULL : path;
}

void door_open(const struct config *config, struct door *door)
{
    const char *path = config->listen_unix;

    *door = (struct door){.options = {.certificate = config->tls_certificate_file,
                                      .private_key = config->tls_private_key_file,
                                      .client_ca = config->tls_client_ca_file,
                                      .client_crl = maybe(config->tls_client_crl_file),
                                      .tls12 = config->tls12,
                                      .unix_mode = config->unix_mode,
                                      .loops = (unsigned)config->io_loops,
                                      .limits = config->limits}};
    door->options.listeners = door->listeners;
    if (config->listen_address[0] != '\0') {
        add_listener(door, config->listen_address, (uint16_t)config->listen_port, false);
    }
    if (path[0] != '\0') {
        (void)snprintf(door->unix_address, sizeof(door->unix_address), "%s%s",
                       strncmp(path, "fd:", 3) == 0 ? "" : "unix:", path);
        add_listener(door, door->unix_address, 0, true);
    }
}

void door_expect_ends(const struct validity *validity, enum expiry_kind kind,
                      struct core *core)
{
    struct agenda_end ends[VALIDITY_ENDS_MAX];

    for (size_t i = 0; i < validity->end_count; i++) {
        int64_t until_us = validity->ends[i].until_us;
        ends[i] = (struct agenda_end){.name = validity->ends[i].name,
                                      .until_us = until_us == INT64_MAX ? 0 : until_us};
    }
    core_expect_all(core, kind, ends, validity->end_count);
}

/* Clients may have another way to their anchor: nobody is told that none gets in. */
static int64_t served_end_us(const struct validity *validity)
{
    int64_t own_us = validity->parts[VALIDITY_CERTIFICATE].until_us;

    return validity->served_until_us < own_us ? validity->served_until_us : 0;
}

void door_expect(const struct server *server, struct core *core, const char *node)
{
    static const enum expiry_kind kinds[VALIDITY_PARTS] = {
        [VALIDITY_CERTIFICATE] = EXPIRY_TLS,
        [VALIDITY_ISSUERS] = EXPIRY_CLIENT_CA,
        [VALIDITY_LISTS] = EXPIRY_CLIENT_CRL};
    struct validity validity;
    struct sg_error why = {0};

    server_validity(server, &validity);
    door_expect_ends(&validity, EXPIRY_CLIENT_CA, core);
    core_expect(core, EXPIRY_TLS, node, validity_end_us(&validity, VALIDITY_CERTIFICATE));
    core_expect(core, EXPIRY_TLS_ISSUER, node, served_end_us(&validity));
    core_expect(core, EXPIRY_CLIENT_CRL, node,
                validity_end_us(&validity, VALIDITY_LISTS));
    for (enum validity_part i = VALIDITY_CERTIFICATE; i < VALIDITY_PARTS; i++) {
        if (validity_check(&validity, i, clock_wall_us(), &why) != SG_OK) {
            log_event(LOG_ERROR, "tls.over", "what", expiry_name(kinds[i]), "why",
                      why.text, NULL);
        }
    }
}

bool door_amiss(const struct server *server, FILE *out)
{
    struct validity validity;
    struct sg_error why = {0};
    bool amiss = false;

    server_validity(server, &validity);
    for (enum validity_part i = VALIDITY_CERTIFICATE; i < VALIDITY_PARTS; i++) {
        if (validity_check(&validity, i, clock_wall_us(), &why) != SG_OK) {
            (void)fprintf(out, "%s\n", why.text);
            amiss = true;
        }
    }
    return amiss;
}

void door_name(const struct config *config, uint16_t port, char *out, size_t cap)
{
    if (config->listen_address[0] == '\0') {
        (void)snprintf(out, cap, "%s", config->listen_unix);
    } else {
        (void)snprintf(out, cap, "%s:%u", config->listen_address, (unsigned)port);
    }
}
