#include "gateway/config/config.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/config/marks.h"
#include "gateway/config/parse.h"
#include "gateway/config/settings.h"
#include "proto/text.h"

static const char *const top_names[] = {
    "node",    "listen",    "tls",      "io",      "grpc",      "log",       "ledger",
    "policy",  "hsm",       "queue",    "sign",    "stamp",     "admin",     "limits",
    "status",  "tsa",       "lanes",    "log_key", "keys",      "callers",   "networks",
    "anchors", "anchoring", "officers", "control", "agreement", "reminders", NULL};

/* The reader of a value knows the place, not the name. */
static enum sg_status name_setting(struct parse *p, const char *path,
                                   enum sg_status status)
{
    size_t len = strlen(p->why->text);

    if (status != SG_OK && len < sizeof(p->why->text)) {
        (void)snprintf(p->why->text + len, sizeof(p->why->text) - len, " (setting %s)",
                       path);
    }
    return status;
}

/* Names are not looked up: what they mean may change between a check and a start. */
static enum sg_status check_address(struct parse *p, const struct setting *row,
                                    const struct yaml_node *node, const char *text)
{
    struct in6_addr parsed;
    bool sound = text[0] == '\0' || strncmp(text, "fd:", 3) == 0 ||
                 inet_pton(AF_INET, text, &parsed) == 1 ||
                 inet_pton(AF_INET6, text, &parsed) == 1;

    return sound ? SG_OK
                 : yaml_fail(p->doc, node, p->why,
                             "'%s' is no IPv4 or IPv6 address, such as 127.0.0.1, and "
                             "host names are not looked up (setting %s)",
                             text, row->path);
}

static enum sg_status read_text(struct parse *p, const struct setting *row,
                                const struct yaml_node *node)
{
    const char **target = (const char **)(void *)((char *)p->config + row->offset);

    if (node == NULL && row->text_fallback == NULL) {
        return yaml_fail(p->doc, yaml_root(p->doc), p->why,
                         "the setting '%s' is missing; add it", row->path);
    }
    if (node == NULL) {
        *target = row->text_fallback;
        return SG_OK;
    }
    TRY(name_setting(p, row->path, yaml_str(p->doc, node, target, p->why)));
    MUST(*target != NULL);
    /* It may stand in records, log lines and what is printed. */
    if (!text_plain(slice_str(*target))) {
        return yaml_fail(p->doc, node, p->why,
                         "the value holds what cannot be seen, such as a line end "
                         "(setting %s)",
                         row->path);
    }
    TRY(row->text_kind == TEXT_ADDRESS ? check_address(p, row, node, *target) : SG_OK);
    if (setting_is_path(row) && (*target)[0] != '\0') {
        *target = parse_path(p, *target);
    }
    return *target == NULL ? SG_NO_MEMORY : SG_OK;
}

static enum sg_status read_number(struct parse *p, const struct setting *row,
                                  const struct yaml_node *node)
{
    int64_t value = row->fallback;
    char *target = (char *)p->config + row->offset;

    if (node != NULL) {
        TRY(name_setting(p, row->path,
                         yaml_int(p->doc, node, row->range, &value, p->why)));
    }
    if (row->kind == LIMIT_SETTING) {
        *(uint32_t *)(void *)target = (uint32_t)value;
    } else {
        *(int64_t *)(void *)target = value;
    }
    return SG_OK;
}

static enum sg_status read_settings(struct parse *p)
{
    for (size_t i = 0; i < settings_count(); i++) {
        const struct setting *row = settings_row(i);
        const struct yaml_node *node = parse_find(p, row->path);
        TRY(row->kind == TEXT_SETTING ? read_text(p, row, node)
                                      : read_number(p, row, node));
    }
    p->config->limits.deadline_default_ms = (uint32_t)p->config->deadline_ms;
    return SG_OK;
}

/* A misspelt setting must not fall back to its default silently: each name in a section
 * of scalars has to be a row. */
static enum sg_status check_section(struct parse *p, const char *section)
{
    const struct yaml_node *map = yaml_get(yaml_root(p->doc), section);
    const char *known[SETTINGS_MAX + 1];
    size_t count = 0;
    size_t prefix = strlen(section);

    for (size_t i = 0; i < settings_count(); i++) {
        const char *path = settings_row(i)->path;
        if (strncmp(path, section, prefix) == 0 && path[prefix] == '.') {
            known[count++] = path + prefix + 1;
        }
    }
    known[count] = NULL;
    return map == NULL || count == 0 ? SG_OK : parse_known(p, map, known);
}

static enum sg_status check_names(struct parse *p)
{
    TRY(parse_known(p, yaml_root(p->doc), top_names));
    for (size_t i = 0; top_names[i] != NULL; i++) {
        TRY(check_section(p, top_names[i]));
    }
    return SG_OK;
}

/* It stands in every record, beside all that a job may say. */
static enum sg_status check_node(struct parse *p)
{
    size_t len = strlen(p->config->node);

    return len > 0 && len <= CONFIG_NODE_MAX
               ? SG_OK
               : yaml_fail(p->doc, parse_find(p, "node"), p->why,
                           "the name of a gateway has 1 to %d bytes, this has %zu",
                           CONFIG_NODE_MAX, len);
}

static enum sg_status read_log(struct parse *p)
{
    static const char *const levels[] = {"error", "warn", "info", "debug", NULL};
    static const char *const formats[] = {"text", "json", NULL};
    size_t index = 0;

    TRY(parse_choice(p, parse_find(p, "log.level"), p->config->log_level, levels,
                     &index));
    p->config->log_level_value = (enum log_level)index;
    TRY(parse_choice(p, parse_find(p, "log.format"), p->config->log_format, formats,
                     &index));
    p->config->log_format_value = (enum log_format)index;
    return SG_OK;
}

static enum sg_status read_reflection(struct parse *p)
{
    static const char *const words[] = {"off", "on", NULL};
    size_t index = 0;

    TRY(parse_choice(p, parse_find(p, "grpc.reflection"), p->config->reflection, words,
                     &index));
    p->config->reflection_value = index == 1;
    return SG_OK;
}

/* The next number of the list; *text moves behind it. */
static bool take_days(const char **text, int64_t *days)
{
    enum { LONGEST = 3650 };
    size_t blanks = strspn(*text, " ");
    size_t len = strcspn(*text + blanks, " ");
    uint64_t value = 0;

    bool sound = text_uint(slice_of(*text + blanks, len), LONGEST, &value) == SG_OK;
    *text += blanks + len;
    *text += strspn(*text, " ");
    *days = (int64_t)value;
    return sound && value > 0;
}

static enum sg_status read_reminders(struct parse *p)
{
    int64_t *reminders = p->config->reminders;
    const char *text = p->config->reminder_days;
    bool sound = text[0] != '\0';
    size_t at = 0;

    while (sound && text[0] != '\0') {
        int64_t days = 0;
        sound = at < CONFIG_REMINDERS_MAX && take_days(&text, &days) &&
                (at == 0 || days < reminders[at - 1]);
        if (sound) {
            reminders[at++] = days;
        }
    }
    return sound ? SG_OK
                 : yaml_fail(p->doc, parse_find(p, "reminders.days"), p->why,
                             "'%s' are no days to be reminded at; write up to 8 numbers "
                             "from 1 to 3650, the largest first, such as \"90 30 7\"",
                             p->config->reminder_days);
}

static enum sg_status take_marks(struct parse *p)
{
    p->config->marks = (uint8_t(*)[CONFIG_MARK_SIZE])parse_alloc(
        p, settings_count(), sizeof(*p->config->marks));
    if (p->config->marks == NULL) {
        return SG_NO_MEMORY;
    }
    config_marks_take(p->config, p->config->marks);
    return SG_OK;
}

static enum sg_status read_all(struct parse *p)
{
    if (yaml_root(p->doc)->kind != YAML_MAP) {
        return yaml_fail(p->doc, yaml_root(p->doc), p->why,
                         "a configuration is a map of settings");
    }
    TRY(check_names(p));
    TRY(read_settings(p));
    TRY(check_node(p));
    TRY(read_log(p));
    TRY(parse_listen(p));
    TRY(read_reflection(p));
    TRY(read_reminders(p));
    TRY(parse_lanes(p));
    TRY(parse_log_key(p));
    TRY(parse_keys(p));
    TRY(parse_networks(p));
    TRY(parse_anchors(p));
    TRY(parse_callers(p));
    return take_marks(p);
}

static void destroy(struct config *config, struct parse_memory *memory)
{
    for (size_t i = 0; i < memory->count; i++) {
        free(memory->blocks[i]);
    }
    free(memory->blocks);
    yaml_free(memory->doc);
    free(memory);
    free(config);
}

enum sg_status config_load(const char *path, struct config **out, struct sg_error *why)
{
    struct parse p = {.why = why, .file = path};

    TRY(yaml_read_file(path, &p.doc, why));
    struct parse_memory *memory = (struct parse_memory *)calloc(1, sizeof(*memory));
    p.config = (struct config *)calloc(1, sizeof(*p.config));
    if (memory == NULL || p.config == NULL) {
        free(memory);
        free(p.config);
        yaml_free(p.doc);
        return sg_fail(why, SG_NO_MEMORY, "no memory to read the configuration");
    }
    memory->doc = p.doc;
    p.memory = memory;
    p.config->memory = memory;
    enum sg_status status = read_all(&p);
    if (status != SG_OK) {
        destroy(p.config, memory);
        return status;
    }
    *out = p.config;
    return SG_OK;
}

struct config *config_take(struct config *config)
{
    struct parse_memory *memory = (struct parse_memory *)config->memory;

    (void)atomic_fetch_add_explicit(&memory->more, 1, memory_order_relaxed);
    return config;
}

void config_free(struct config *config)
{
    struct parse_memory *memory =
        config == NULL ? NULL : (struct parse_memory *)config->memory;

    if (memory != NULL &&
        atomic_fetch_sub_explicit(&memory->more, 1, memory_order_acq_rel) == 0) {
        destroy(config, memory);
    }
}

const char *config_role_name(enum config_role role)
{
    static const struct {
        enum config_role role;
        const char *name;
    } names[] = {{ROLE_BACKEND, "backend"},
                 {ROLE_OFFICER, "officer"},
                 {ROLE_REVIEWER, "reviewer"},
                 {ROLE_OPERATOR, "operator"}};

    for (size_t i = 0; i < SG_COUNT(names); i++) {
        if (names[i].role == role) {
            return names[i].name;
        }
    }
    return "?";
}
