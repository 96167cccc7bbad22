#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/config_parse.h"
#include "proto/text.h"

/* --- Lanes ----------------------------------------------------------------------- */

static enum sg_status read_environment(struct parse *p, const struct yaml_node *map,
                                       struct config_lane *lane)
{
    const struct yaml_node *vars = yaml_get(map, "environment");

    if (vars == NULL) {
        return SG_OK;
    }
    if (vars->kind != YAML_MAP || vars->count > CONFIG_ENV_MAX) {
        return yaml_fail(p->doc, vars, p->why,
                         "environment is a map of at most %d variables", CONFIG_ENV_MAX);
    }
    for (size_t i = 0; i < vars->count; i++) {
        const char *value = NULL;
        TRY(yaml_str(p->doc, &vars->items[i], &value, p->why));
        /* A value that names a file beside the configuration is made absolute. */
        const char *dot = strrchr(value, '.');
        const char *full =
            dot != NULL && strcmp(dot, ".conf") == 0 ? parse_path(p, value) : value;
        size_t size = strlen(vars->keys[i].text) + strlen(full) + 2;
        char *text = (char *)parse_alloc(p, size, 1);
        if (text == NULL) {
            return SG_NO_MEMORY;
        }
        (void)snprintf(text, size, "%s=%s", vars->keys[i].text, full);
        lane->environment[i] = text;
    }
    return SG_OK;
}

static enum sg_status read_pin_path(struct parse *p, const struct yaml_node *map,
                                    struct config_lane *lane)
{
    const char *credential = NULL;
    const char *folder =
        getenv("CREDENTIALS_DIRECTORY"); /* NOLINT(concurrency-mt-unsafe) */

    TRY(field_maybe_text(p, map, "pin_credential", &credential));
    if ((credential != NULL) == (yaml_get(map, "pin_file") != NULL)) {
        return yaml_fail(p->doc, map, p->why,
                         "a lane needs either pin_file or pin_credential");
    }
    if (credential == NULL) {
        return field_path(p, map, "pin_file", &lane->pin_path);
    }
    if (folder == NULL) {
        return yaml_fail(p->doc, yaml_get(map, "pin_credential"), p->why,
                         "no credentials are passed to this process; start it from a "
                         "systemd unit with LoadCredential, or use pin_file");
    }
    size_t size = strlen(folder) + strlen(credential) + 2;
    char *text = (char *)parse_alloc(p, size, 1);
    if (text == NULL) {
        return SG_NO_MEMORY;
    }
    (void)snprintf(text, size, "%s/%s", folder, credential);
    lane->pin_path = text;
    return SG_OK;
}

static enum sg_status read_lane(struct parse *p, const struct yaml_node *map,
                                struct config_lane *lane)
{
    static const char *const words[] = {"name",           "module",      "token",
                                        "serial",         "threads",     "pin_file",
                                        "pin_credential", "environment", NULL};
    const struct yaml_node *threads = yaml_get(map, "threads");

    TRY(parse_known(p, map, words));
    TRY(field_name(p, map, &lane->name));
    TRY(field_path(p, map, "module", &lane->module));
    TRY(field_text(p, map, "token", &lane->token));
    lane->serial = "";
    TRY(field_maybe_text(p, map, "serial", &lane->serial));
    lane->threads = 2;
    if (threads != NULL) {
        TRY(yaml_int(p->doc, threads, (struct yaml_range){1, 64}, &lane->threads,
                     p->why));
    }
    TRY(read_pin_path(p, map, lane));
    return read_environment(p, map, lane);
}

enum sg_status parse_lanes(struct parse *p)
{
    const struct yaml_node *list = NULL;

    TRY(field_list(p, "lanes", 1, &list));
    p->config->lanes =
        (struct config_lane *)parse_alloc(p, list->count, sizeof(struct config_lane));
    if (p->config->lanes == NULL) {
        return SG_NO_MEMORY;
    }
    for (size_t i = 0; i < list->count; i++) {
        TRY(read_lane(p, &list->items[i], &p->config->lanes[i]));
        p->config->lane_count++;
    }
    return field_unique(p, list);
}

enum sg_status parse_log_key(struct parse *p)
{
    static const char *const words[] = {"lane", "id", NULL};
    const struct yaml_node *map = NULL;

    TRY(field_get(p, yaml_root(p->doc), "log_key", &map));
    TRY(parse_known(p, map, words));
    TRY(field_lane(p, map, &p->config->log_lane));
    return field_id(p, map, p->config->log_key_id, &p->config->log_key_id_len);
}

/* --- Keys ------------------------------------------------------------------------ */

static enum sg_status read_algorithms(struct parse *p, const struct yaml_node *map,
                                      struct config_key *key)
{
    static const char *const schemes[] = {"rsa-pkcs1", "rsa-pss", "ecdsa", NULL};
    static const char *const hashes[] = {"sha256", "sha384", "sha512", NULL};
    const char *scheme = NULL;
    const char *hash = "sha256";
    size_t index = 0;

    TRY(field_text(p, map, "scheme", &scheme));
    TRY(parse_choice(p, yaml_get(map, "scheme"), scheme, schemes, &index));
    key->scheme = (enum sg_scheme)(index + 1);
    TRY(field_maybe_text(p, map, "hash", &hash));
    TRY(parse_choice(p, yaml_get(map, "hash"), hash, hashes, &index));
    key->hash = (enum sg_hash)(index + 1);
    return SG_OK;
}

static enum sg_status read_key(struct parse *p, const struct yaml_node *map,
                               struct config_key *key)
{
    static const char *const words[] = {"name",
                                        "class",
                                        "lane",
                                        "id",
                                        "certificate",
                                        "chain",
                                        "scheme",
                                        "hash",
                                        "allowed_classes",
                                        "prohibited_classes",
                                        "raw_allowed",
                                        NULL};
    static const char *const classes[] = {"seal", "signature", NULL};
    const struct yaml_node *raw = yaml_get(map, "raw_allowed");
    size_t index = 0;

    TRY(parse_known(p, map, words));
    TRY(field_name(p, map, &key->name));
    TRY(field_text(p, map, "class", &key->class));
    TRY(parse_choice(p, yaml_get(map, "class"), key->class, classes, &index));
    TRY(field_lane(p, map, &key->lane));
    TRY(field_id(p, map, key->id, &key->id_len));
    TRY(field_path(p, map, "certificate", &key->certificate));
    if (yaml_get(map, "chain") != NULL) {
        TRY(field_path(p, map, "chain", &key->chain));
    }
    TRY(read_algorithms(p, map, key));
    TRY(field_words(p, map, "allowed_classes", &key->allowed_classes));
    TRY(field_words(p, map, "prohibited_classes", &key->prohibited_classes));
    return raw == NULL ? SG_OK : yaml_bool(p->doc, raw, &key->raw_allowed, p->why);
}

enum sg_status parse_keys(struct parse *p)
{
    const struct yaml_node *list = NULL;

    TRY(field_list(p, "keys", 1, &list));
    p->config->keys =
        (struct config_key *)parse_alloc(p, list->count, sizeof(struct config_key));
    if (p->config->keys == NULL) {
        return SG_NO_MEMORY;
    }
    for (size_t i = 0; i < list->count; i++) {
        TRY(read_key(p, &list->items[i], &p->config->keys[i]));
        p->config->key_count++;
    }
    return field_unique(p, list);
}

/* --- Callers --------------------------------------------------------------------- */

static enum sg_status read_roles(struct parse *p, const struct yaml_node *map,
                                 struct config_caller *caller)
{
    static const char *const names[] = {"backend", "officer", "reviewer", "operator",
                                        NULL};
    struct config_words words = {0};
    size_t index = 0;

    TRY(field_words(p, map, "roles", &words));
    for (size_t i = 0; i < words.count; i++) {
        TRY(parse_choice(p, yaml_get(map, "roles"), words.items[i], names, &index));
        caller->roles |= 1U << index;
    }
    /* CP-5.2-03: who reviews does not act. */
    bool both = (caller->roles & ROLE_REVIEWER) != 0 &&
                (caller->roles & (ROLE_OFFICER | ROLE_OPERATOR)) != 0;
    if (words.count == 0 || both) {
        return yaml_fail(p->doc, map, p->why,
                         both
                             ? "a reviewer can be neither officer nor operator: give the "
                               "roles to two callers"
                             : "roles must name at least one role");
    }
    return SG_OK;
}

static enum sg_status check_match(struct parse *p, const struct yaml_node *map,
                                  const char *match)
{
    bool fingerprint = strncmp(match, "sha256:", 7) == 0;
    uint8_t hash[32];
    size_t len = 0;

    if (fingerprint
            ? text_unhex(slice_str(match + 7), hash, sizeof(hash), &len) == SG_OK &&
                  len == sizeof(hash)
            : (strncmp(match, "URI:", 4) == 0 || strncmp(match, "DNS:", 4) == 0) &&
                  match[4] != '\0') {
        return SG_OK;
    }
    return yaml_fail(p->doc, yaml_get(map, "match"), p->why,
                     "match names a client certificate: URI:…, DNS:… (a subject "
                     "alternative name) or sha256: and 64 hexadecimal digits");
}

static enum sg_status check_keys(struct parse *p, const struct yaml_node *map,
                                 const struct config_caller *caller)
{
    for (size_t i = 0; i < caller->keys.count; i++) {
        bool found = false;
        for (size_t k = 0; k < p->config->key_count; k++) {
            found = found || strcmp(p->config->keys[k].name, caller->keys.items[i]) == 0;
        }
        if (!found) {
            return yaml_fail(p->doc, yaml_get(map, "keys"), p->why,
                             "there is no key '%s'; name entries under keys",
                             caller->keys.items[i]);
        }
    }
    return SG_OK;
}

static enum sg_status read_caller(struct parse *p, const struct yaml_node *map,
                                  struct config_caller *caller)
{
    static const char *const words[] = {"name", "match", "roles", "keys", NULL};

    TRY(parse_known(p, map, words));
    TRY(field_name(p, map, &caller->name));
    TRY(field_text(p, map, "match", &caller->match));
    TRY(check_match(p, map, caller->match));
    TRY(read_roles(p, map, caller));
    TRY(field_words(p, map, "keys", &caller->keys));
    return check_keys(p, map, caller);
}

enum sg_status parse_callers(struct parse *p)
{
    const struct yaml_node *list = NULL;

    TRY(field_list(p, "callers", 1, &list));
    p->config->callers =
        (struct config_caller *)parse_alloc(p, list->count, sizeof(struct config_caller));
    if (p->config->callers == NULL) {
        return SG_NO_MEMORY;
    }
    for (size_t i = 0; i < list->count; i++) {
        TRY(read_caller(p, &list->items[i], &p->config->callers[i]));
        p->config->caller_count++;
    }
    return field_unique(p, list);
}
