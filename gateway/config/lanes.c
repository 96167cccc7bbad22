#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/config/parse.h"
#include "gateway/config/uri.h"

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

/* systemd passes credentials to its unit alone. Others who read the configuration need
 * none: the path stays "", and whoever starts lanes asks config_files_credentials. */
static enum sg_status find_credential(struct parse *p, const struct yaml_node *node,
                                      const char *credential, struct config_lane *lane)
{
    const char *folder =
        getenv("CREDENTIALS_DIRECTORY"); /* NOLINT(concurrency-mt-unsafe) */

    if (credential[0] == '\0' || credential[0] == '.' ||
        strchr(credential, '/') != NULL) {
        return yaml_fail(
            p->doc, node, p->why,
            "a credential is known by a name, as LoadCredential= of the unit "
            "gives it, without '/'");
    }
    lane->credential = credential;
    lane->pin_path = "";
    if (folder == NULL) {
        return SG_OK;
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

static enum sg_status read_prompt(struct parse *p, const struct yaml_node *node,
                                  struct config_lane *lane)
{
    lane->pin_path = "";
    lane->pin_prompt = true;
    return p->config->control_socket[0] != '\0'
               ? SG_OK
               : yaml_fail(p->doc, node, p->why,
                           "a PIN that is typed comes by the control socket: set "
                           "control.socket, or name a file (./prompt is one)");
}

/* A path, "credential:NAME" or "prompt". */
static enum sg_status read_pin_file(struct parse *p, const struct yaml_node *map,
                                    struct config_lane *lane)
{
    static const char scheme[] = "credential:";
    const struct yaml_node *node = yaml_get(map, "pin_file");
    const char *text = NULL;

    TRY(field_text(p, map, "pin_file", &text));
    if (strcmp(text, "prompt") == 0) {
        return read_prompt(p, node, lane);
    }
    if (strncmp(text, scheme, strlen(scheme)) == 0) {
        return find_credential(p, node, text + strlen(scheme), lane);
    }
    return field_path(p, map, "pin_file", &lane->pin_path);
}

static enum sg_status read_pin_path(struct parse *p, const struct yaml_node *map,
                                    struct config_lane *lane)
{
    const char *credential = NULL;

    TRY(field_maybe_text(p, map, "pin_credential", &credential));
    int given = (credential != NULL) + (yaml_get(map, "pin_file") != NULL) +
                (lane->pin_path != NULL);
    if (given != 1) {
        return yaml_fail(p->doc, map, p->why,
                         "a lane needs either pin_file or pin_credential, or a "
                         "pin-source in its uri");
    }
    if (lane->pin_path != NULL) {
        return SG_OK;
    }
    return credential == NULL
               ? read_pin_file(p, map, lane)
               : find_credential(p, yaml_get(map, "pin_credential"), credential, lane);
}

/* What no token, and no lane, would take. */
static enum sg_status check_lengths(struct parse *p, const struct yaml_node *map,
                                    const struct config_lane *lane)
{
    const struct {
        const char *field;
        const char *text;
        size_t most;
    } rows[] = {{"token", lane->token.label, CONFIG_TOKEN_LABEL_MAX},
                {"serial", lane->token.serial, CONFIG_TOKEN_SERIAL_MAX},
                {"init_args", lane->init_args, CONFIG_INIT_ARGS_MAX}};

    for (size_t i = 0; i < SG_COUNT(rows); i++) {
        if (strlen(rows[i].text) > rows[i].most) {
            return yaml_fail(p->doc, yaml_get(map, rows[i].field), p->why,
                             "%s has at most %zu bytes, this has %zu", rows[i].field,
                             rows[i].most, strlen(rows[i].text));
        }
    }
    return SG_OK;
}

/* What the URI has not said already. */
static enum sg_status read_module(struct parse *p, const struct yaml_node *map,
                                  struct config_lane *lane)
{
    const char *const twice[] = {lane->module != NULL ? "module" : NULL,
                                 lane->token.label != NULL ? "token" : NULL,
                                 lane->token.serial[0] != '\0' ? "serial" : NULL};

    for (size_t i = 0; i < SG_COUNT(twice); i++) {
        if (twice[i] != NULL && yaml_get(map, twice[i]) != NULL) {
            return yaml_fail(p->doc, yaml_get(map, twice[i]), p->why,
                             "the uri says this already; take one of the two away");
        }
    }
    if (lane->module == NULL) {
        TRY(field_path(p, map, "module", &lane->module));
    }
    if (lane->token.label == NULL) {
        TRY(field_text(p, map, "token", &lane->token.label));
    }
    TRY(field_maybe_text(p, map, "init_args", &lane->init_args));
    TRY(field_maybe_text(p, map, "serial", &lane->token.serial));
    return check_lengths(p, map, lane);
}

static enum sg_status read_assurance(struct parse *p, const struct yaml_node *map,
                                     struct config_lane *lane)
{
    static const char *const words[] = {"software", "hardware", NULL};
    const char *word = words[0];
    size_t index = 0;

    TRY(field_maybe_text(p, map, "assurance", &word));
    TRY(parse_choice(p, yaml_get(map, "assurance"), word, words, &index));
    lane->hardware = index == 1;
    return SG_OK;
}

static enum sg_status read_canary(struct parse *p, const struct yaml_node *map,
                                  struct config_lane *lane)
{
    const struct yaml_node *canary = yaml_get(map, "canary");

    lane->canary.label = "";
    return canary == NULL ? SG_OK : field_object_id(p, canary, "canary", &lane->canary);
}

static enum sg_status read_read_only(struct parse *p, const struct yaml_node *map,
                                     struct config_lane *lane)
{
    TRY(field_words(p, map, "read_only", &lane->read_only));
    if (lane->read_only.count > CONFIG_READ_ONLY_MAX) {
        return yaml_fail(p->doc, yaml_get(map, "read_only"), p->why,
                         "read_only may name %d directories", CONFIG_READ_ONLY_MAX);
    }
    for (size_t i = 0; i < lane->read_only.count; i++) {
        lane->read_only.items[i] = parse_path(p, lane->read_only.items[i]);
        if (lane->read_only.items[i] == NULL) {
            return SG_NO_MEMORY;
        }
    }
    return SG_OK;
}

static enum sg_status read_lane(struct parse *p, const struct yaml_node *map,
                                struct config_lane *lane)
{
    const struct yaml_node *threads = yaml_get(map, "threads");

    TRY(parse_known_of(p, map, "lanes"));
    TRY(field_name(p, map, &lane->name));
    lane->init_args = "";
    lane->token = (struct config_token){.serial = "", .manufacturer = "", .model = ""};
    TRY(uri_of_lane(p, map, lane));
    TRY(read_module(p, map, lane));
    lane->threads = 2;
    if (threads != NULL) {
        TRY(yaml_int(p->doc, threads, (struct yaml_range){1, 64}, &lane->threads,
                     p->why));
    }
    TRY(read_pin_path(p, map, lane));
    TRY(read_assurance(p, map, lane));
    TRY(read_canary(p, map, lane));
    TRY(read_read_only(p, map, lane));
    return read_environment(p, map, lane);
}

enum sg_status parse_lanes(struct parse *p)
{
    const struct yaml_node *list = NULL;

    TRY(field_list(p, "lanes", 1, &list));
    if (list->count > CONFIG_LANES_MAX) {
        return yaml_fail(p->doc, list, p->why, "a gateway may have %d lanes",
                         CONFIG_LANES_MAX);
    }
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
    const struct yaml_node *map = NULL;

    TRY(field_get(p, yaml_root(p->doc), "log_key", &map));
    TRY(parse_known_of(p, map, "log_key"));
    TRY(field_lane(p, map, &p->config->log_lane));
    p->config->log_key.label = "";
    const struct yaml_node *id = NULL;
    TRY(field_get(p, map, "id", &id));
    TRY(field_object_id(p, id, "id", &p->config->log_key));
    return apart_log_key(p, map);
}

/* --- Who holds what -------------------------------------------------------------- */

static bool fits(const char *wanted, const char *found)
{
    return wanted[0] == '\0' || found[0] == '\0' || strcmp(wanted, found) == 0;
}

bool config_key_on_lane(const struct config_key *key, const struct config_lane *lane)
{
    bool named = key->lanes.count == 0;

    for (size_t i = 0; i < key->lanes.count; i++) {
        named = named || strcmp(key->lanes.items[i], lane->name) == 0;
    }
    return named && fits(key->token.label, lane->token.label) &&
           fits(key->token.serial, lane->token.serial) &&
           fits(key->token.manufacturer, lane->token.manufacturer) &&
           fits(key->token.model, lane->token.model);
}

const struct config_lane *config_find_lane(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->lane_count; i++) {
        if (strcmp(config->lanes[i].name, name) == 0) {
            return &config->lanes[i];
        }
    }
    return NULL;
}
