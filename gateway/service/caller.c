#include "gateway/service/caller.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/cert/cert.h"
#include "gateway/core/watch/agenda.h"
#include "gateway/service/inside.h"
#include "proto/digest.h"
#include "proto/text.h"

enum { IDENTITY_SIZE = DIGEST_SHA256_SIZE };

/* "sha256:…" of the certificate, or "uid:…" of the user. */
static void write_identity(const struct peer *peer, char out[IDENTITY_SIZE])
{
    if (peer->certificate == NULL) {
        (void)snprintf(out, IDENTITY_SIZE, "uid:%u", (unsigned)peer->uid);
        return;
    }
    digest_sha256_text(peer->fingerprint, out);
}

/* Large and small letters are the same in DNS (RFC 4343), and in nothing else. */
static bool same_name(const char *match, const char *name)
{
    return strncmp(name, "DNS:", 4) == 0 ? strcasecmp(match, name) == 0
                                         : strcmp(match, name) == 0;
}

static bool matches(const struct config_caller *caller, const struct cert_names *names,
                    const char *identity)
{
    if (strcasecmp(caller->match, identity) == 0) {
        return true;
    }
    for (size_t i = 0; i < names->count; i++) {
        if (same_name(caller->match, names->names[i])) {
            return true;
        }
    }
    return false;
}

static const struct config_caller *look_up(const struct config *config,
                                           const struct peer *peer, const char *identity)
{
    struct cert_names names = {0};

    if (peer->certificate != NULL) {
        cert_alt_names(peer->certificate, &names);
    }
    for (size_t i = 0; i < config->caller_count; i++) {
        if (matches(&config->callers[i], &names, identity)) {
            return &config->callers[i];
        }
    }
    return NULL;
}

static struct caller *make(const struct config_caller *rights, const struct peer *peer,
                           const char identity[IDENTITY_SIZE])
{
    static const enum config_role roles[] = {ROLE_BACKEND, ROLE_OFFICER, ROLE_REVIEWER,
                                             ROLE_OPERATOR};
    struct caller *caller = (struct caller *)calloc(1, sizeof(*caller));

    if (caller == NULL) {
        return NULL;
    }
    caller->keys = (struct slice *)calloc(rights->keys.count + 1, sizeof(*caller->keys));
    if (caller->keys == NULL) {
        free(caller);
        return NULL;
    }
    caller->rights = rights;
    memcpy(caller->fingerprint, peer->fingerprint, sizeof(caller->fingerprint));
    memcpy(caller->fingerprint_text, identity, sizeof(caller->fingerprint_text));
    if (peer->certificate != NULL) {
        cert_marks(peer->certificate, &caller->marks);
    }
    caller->uid = peer->certificate == NULL ? (int64_t)peer->uid : JOB_REMOTE;
    for (size_t i = 0; i < rights->keys.count; i++) {
        caller->keys[i] = slice_str(rights->keys.items[i]);
    }
    for (size_t i = 0; i < SG_COUNT(roles); i++) {
        if ((rights->roles & roles[i]) != 0) {
            caller->roles[caller->role_count++] = slice_str(config_role_name(roles[i]));
        }
    }
    return caller;
}

static struct caller **shelf_of(struct roll *roll, const struct peer *peer)
{
    size_t number = peer->certificate == NULL ? peer->uid : peer->fingerprint[0];

    return &roll->shelves[number % ROLL_SHELVES];
}

/* Only what is in use is held once more elsewhere, so it cannot come back meanwhile. */
static void drop_unused(struct caller **at)
{
    while (*at != NULL) {
        struct caller *caller = *at;
        if (atomic_load_explicit(&caller->uses, memory_order_acquire) == 0) {
            *at = caller->next;
            caller_free(caller);
        } else {
            at = &caller->next;
        }
    }
}

/* Names of networks belong to the roll's configuration: there are no two of the same. */
static struct caller *known(struct caller *at, const char *identity, const char *network)
{
    while (at != NULL &&
           (strcmp(at->fingerprint_text, identity) != 0 || at->network != network)) {
        at = at->next;
    }
    return at;
}

static const char *network_of(const struct roll *roll, const struct peer *peer)
{
    static const char local[] = CONFIG_NETWORK_LOCAL;

    return peer->local ? local : config_find_network(roll->config, peer->address);
}

/* The transport tells it, not too often. */
static void unknown(const struct peer *peer, const char *identity, struct sg_error *why)
{
    enum sg_status status = sg_fail(
        why, SG_UNAUTHENTICATED,
        "no caller is configured for this %s (%s); ask the administrator to add it under "
        "callers",
        peer->certificate == NULL ? "user" : "client certificate", identity);
    (void)status;
}

static struct caller *find_or_make(struct services *services, const struct peer *peer,
                                   struct sg_error *why)
{
    char identity[IDENTITY_SIZE] = "";
    struct roll *roll = services->roll;

    write_identity(peer, identity);
    const char *network = network_of(roll, peer);
    struct caller **shelf = shelf_of(roll, peer);
    struct caller *caller = known(*shelf, identity, network);
    if (caller != NULL) {
        return caller;
    }
    const struct config_caller *rights = look_up(roll->config, peer, identity);
    if (rights == NULL) {
        unknown(peer, identity, why);
        return NULL;
    }
    caller = make(rights, peer, identity);
    if (caller != NULL) {
        drop_unused(shelf);
        caller->config = roll_find(services->options.config, rights->name);
        MUST(caller->config != NULL); /* roll_check */
        caller->network = network;
        caller->next = *shelf;
        *shelf = caller;
    }
    return caller;
}

void *caller_identify(void *context, const struct peer *peer, struct sg_error *why)
{
    struct services *services = (struct services *)context;

    MUST(peer->certificate != NULL || peer->local); /* nobody else is let in by segeld */
    /* Once a connection and after a reload. Only the agenda's lock, a leaf, is taken
     * under it: else whom a reload took out could be expected again behind it. */
    MUST(pthread_mutex_lock(&services->callers_lock) == 0);
    struct caller *caller = find_or_make(services, peer, why);
    if (caller != NULL) {
        (void)caller_hold(caller);
    }
    if (caller != NULL && peer->certificate != NULL) {
        core_expect(services->options.core, EXPIRY_CLIENT, caller->config->name,
                    cert_end_us(peer->certificate));
    }
    MUST(pthread_mutex_unlock(&services->callers_lock) == 0);
    return caller;
}

struct caller *caller_hold(struct caller *caller)
{
    (void)atomic_fetch_add_explicit(&caller->uses, 1, memory_order_relaxed);
    return caller;
}

/* The record stays, for it may come again; nothing of it is touched after that. */
void caller_release(void *caller)
{
    struct caller *it = (struct caller *)caller;

    MUST(atomic_fetch_sub_explicit(&it->uses, 1, memory_order_release) > 0);
}

void caller_free(struct caller *caller)
{
    free(caller->keys);
    free(caller);
}

const void *caller_identity(const void *caller)
{
    return ((const struct caller *)caller)->config;
}

bool caller_has_role(const struct caller *caller, enum config_role role)
{
    return (caller->rights->roles & role) != 0;
}

bool caller_entitled(const struct caller *caller, const char *key)
{
    for (size_t i = 0; i < caller->rights->keys.count; i++) {
        if (strcmp(caller->rights->keys.items[i], key) == 0) {
            return true;
        }
    }
    return false;
}
