#include <stdlib.h>
#include <string.h>

#include "gateway/cert/cert.h"
#include "gateway/service/inside.h"
#include "proto/text.h"

static bool matches(const struct config_caller *caller, const struct cert_names *names,
                    const char *fingerprint)
{
    if (strcasecmp(caller->match, fingerprint) == 0) {
        return true;
    }
    for (size_t i = 0; i < names->count; i++) {
        if (strcmp(caller->match, names->names[i]) == 0) {
            return true;
        }
    }
    return false;
}

static const struct config_caller *
look_up(const struct config *config, const struct peer *peer, const char *fingerprint)
{
    struct cert_names names = {0};

    cert_alt_names(peer->certificate, &names);
    for (size_t i = 0; i < config->caller_count; i++) {
        if (matches(&config->callers[i], &names, fingerprint)) {
            return &config->callers[i];
        }
    }
    return NULL;
}

static struct caller *make(const struct config_caller *config, const struct peer *peer,
                           const char *fingerprint)
{
    static const enum config_role roles[] = {ROLE_BACKEND, ROLE_OFFICER, ROLE_REVIEWER,
                                             ROLE_OPERATOR};
    struct caller *caller = (struct caller *)calloc(1, sizeof(*caller));

    if (caller == NULL) {
        return NULL;
    }
    caller->keys = (struct slice *)calloc(config->keys.count + 1, sizeof(*caller->keys));
    if (caller->keys == NULL) {
        free(caller);
        return NULL;
    }
    caller->config = config;
    memcpy(caller->fingerprint, peer->fingerprint, sizeof(caller->fingerprint));
    memcpy(caller->fingerprint_text, fingerprint, sizeof(caller->fingerprint_text));
    for (size_t i = 0; i < config->keys.count; i++) {
        caller->keys[i] = slice_str(config->keys.items[i]);
    }
    for (size_t i = 0; i < SG_COUNT(roles); i++) {
        if ((config->roles & roles[i]) != 0) {
            caller->roles[caller->role_count++] = slice_str(config_role_name(roles[i]));
        }
    }
    return caller;
}

static struct caller *known(const struct services *services, const struct peer *peer)
{
    struct caller *at = services->callers;

    while (at != NULL &&
           memcmp(at->fingerprint, peer->fingerprint, sizeof(at->fingerprint)) != 0) {
        at = at->next;
    }
    return at;
}

static struct caller *find_or_make(struct services *services, const struct peer *peer,
                                   struct sg_error *why)
{
    char fingerprint[7 + 64 + 1] = "sha256:";
    struct caller *caller = known(services, peer);

    if (caller != NULL) {
        return caller;
    }
    text_hex(slice_of(peer->fingerprint, sizeof(peer->fingerprint)), fingerprint + 7);
    const struct config_caller *config =
        look_up(services->options.config, peer, fingerprint);
    if (config == NULL) {
        enum sg_status status =
            sg_fail(why, SG_UNAUTHENTICATED,
                    "no caller is configured for this client certificate (%s); ask the "
                    "administrator to add it under callers",
                    fingerprint);
        (void)status; /* the transport tells it, not too often */
        return NULL;
    }
    caller = make(config, peer, fingerprint);
    if (caller != NULL) {
        caller->next = services->callers;
        services->callers = caller;
    }
    return caller;
}

void *caller_identify(void *context, const struct peer *peer, struct sg_error *why)
{
    struct services *services = (struct services *)context;

    /* Once a connection, and a leaf: nothing else is locked under it. */
    MUST(pthread_mutex_lock(&services->callers_lock) == 0);
    struct caller *caller = find_or_make(services, peer, why);
    MUST(pthread_mutex_unlock(&services->callers_lock) == 0);
    return caller;
}

void callers_fini(struct services *services)
{
    struct caller *caller;

    while ((caller = services->callers) != NULL) {
        services->callers = caller->next;
        free(caller->keys);
        free(caller);
    }
}

bool caller_has_role(const struct caller *caller, enum config_role role)
{
    return (caller->config->roles & role) != 0;
}

bool caller_entitled(const struct caller *caller, const char *key)
{
    for (size_t i = 0; i < caller->config->keys.count; i++) {
        if (strcmp(caller->config->keys.items[i], key) == 0) {
            return true;
        }
    }
    return false;
}
