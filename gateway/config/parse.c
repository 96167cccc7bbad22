#include "gateway/config/parse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/config/settings.h"
#include "proto/text.h"

/* --- The document ---------------------------------------------------------------- */

const struct yaml_node *parse_find(const struct parse *p, const char *path)
{
    const struct yaml_node *root = yaml_root(p->doc);
    const char *dot = strchr(path, '.');
    char section[32] = "";

    if (dot == NULL) {
        return yaml_get(root, path);
    }
    MUST((size_t)(dot - path) < sizeof(section));
    memcpy(section, path, (size_t)(dot - path));
    const struct yaml_node *map = yaml_get(root, section);
    return map == NULL ? NULL : yaml_get(map, dot + 1);
}

/* --- Memory and words ------------------------------------------------------------ */

void *parse_alloc(struct parse *p, size_t count, size_t size)
{
    struct parse_memory *memory = p->memory;
    void **blocks =
        (void **)realloc(memory->blocks, (memory->count + 1) * sizeof(*blocks));

    if (blocks == NULL) {
        return NULL;
    }
    memory->blocks = blocks;
    void *block = calloc(count == 0 ? 1 : count, size);
    if (block != NULL) {
        memory->blocks[memory->count++] = block;
    }
    return block;
}

const char *parse_path(struct parse *p, const char *path)
{
    const char *slash = strrchr(p->file, '/');
    size_t folder = slash == NULL ? 0 : (size_t)(slash - p->file) + 1;
    char cwd[4096] = "";

    if (path[0] == '/' || path[0] == '\0') {
        return path;
    }
    /* A relative configuration file stands below the present folder. */
    if (p->file[0] != '/') {
        char *known = realpath(".", cwd);
        MUST(known != NULL);
    }
    size_t size = strlen(cwd) + 1 + folder + strlen(path) + 1;
    char *text = (char *)parse_alloc(p, size, 1);
    if (text != NULL) {
        (void)snprintf(text, size, "%s%s%.*s%s", cwd, cwd[0] == '\0' ? "" : "/",
                       (int)folder, p->file, path);
    }
    return text;
}

static bool known_word(const char *word, const char *const *words)
{
    for (size_t i = 0; words[i] != NULL; i++) {
        if (strcmp(word, words[i]) == 0) {
            return true;
        }
    }
    return false;
}

enum sg_status parse_known(struct parse *p, const struct yaml_node *map,
                           const char *const *words)
{
    if (map->kind != YAML_MAP) {
        return yaml_fail(p->doc, map, p->why, "here a map of settings is wanted");
    }
    for (size_t i = 0; i < map->count; i++) {
        const char *word = map->keys[i].text;
        if (!known_word(word, words)) {
            const char *near = yaml_nearest(word, words);
            return yaml_fail(p->doc, &map->keys[i], p->why,
                             "there is no setting '%s' here%s%s%s", word,
                             near == NULL ? "; see the sample configuration"
                                          : "; did you mean '",
                             near == NULL ? "" : near, near == NULL ? "" : "'?");
        }
    }
    return SG_OK;
}

enum sg_status parse_known_of(struct parse *p, const struct yaml_node *map,
                              const char *list)
{
    const char *words[FIELDS_OF_A_LIST_MAX];

    list_fields_of(list, words);
    return parse_known(p, map, words);
}

enum sg_status parse_choice(struct parse *p, const struct yaml_node *node,
                            const char *value, const char *const *words, size_t *index)
{
    char list[256] = "";
    size_t len = 0;

    for (size_t i = 0; words[i] != NULL; i++) {
        if (strcmp(value, words[i]) == 0) {
            *index = i;
            return SG_OK;
        }
        int more = snprintf(list + len, sizeof(list) - len, "%s%s", i == 0 ? "" : ", ",
                            words[i]);
        len += more > 0 && (size_t)more < sizeof(list) - len ? (size_t)more : 0;
    }
    return yaml_fail(p->doc, node == NULL ? yaml_root(p->doc) : node, p->why,
                     "'%s' is not one of %s", value, list);
}

/* --- Fields of list items -------------------------------------------------------- */

enum sg_status field_get(struct parse *p, const struct yaml_node *map, const char *name,
                         const struct yaml_node **out)
{
    *out = yaml_get(map, name);
    return *out != NULL
               ? SG_OK
               : yaml_fail(p->doc, map, p->why, "the field '%s' is missing", name);
}

enum sg_status field_text(struct parse *p, const struct yaml_node *map, const char *name,
                          const char **out)
{
    const struct yaml_node *node = NULL;

    TRY(field_get(p, map, name, &node));
    TRY(yaml_str(p->doc, node, out, p->why));
    return (*out)[0] != '\0'
               ? SG_OK
               : yaml_fail(p->doc, node, p->why, "'%s' must not be empty", name);
}

enum sg_status field_name(struct parse *p, const struct yaml_node *map, const char **out)
{
    TRY(field_text(p, map, "name", out));
    return text_name(slice_str(*out))
               ? SG_OK
               : yaml_fail(p->doc, yaml_get(map, "name"), p->why,
                           "a name has 1 to 64 letters, digits, dots, hyphens or "
                           "underscores; '%s' has not",
                           *out);
}

enum sg_status field_path(struct parse *p, const struct yaml_node *map, const char *name,
                          const char **out)
{
    TRY(field_text(p, map, name, out));
    *out = parse_path(p, *out);
    return *out == NULL ? SG_NO_MEMORY : SG_OK;
}

enum sg_status field_maybe_text(struct parse *p, const struct yaml_node *map,
                                const char *name, const char **out)
{
    const struct yaml_node *node = yaml_get(map, name);

    return node == NULL ? SG_OK : yaml_str(p->doc, node, out, p->why);
}

enum sg_status field_object_id(struct parse *p, const struct yaml_node *node,
                               const char *name, struct config_object *object)
{
    const char *hex = NULL;

    TRY(yaml_str(p->doc, node, &hex, p->why));
    if (text_unhex(slice_str(hex), object->id, CONFIG_KEY_ID_MAX, &object->id_len) !=
            SG_OK ||
        object->id_len == 0) {
        return yaml_fail(p->doc, node, p->why,
                         "%s is the CKA_ID of the key: 2 to 128 hexadecimal digits",
                         name);
    }
    return SG_OK;
}

enum sg_status field_lane(struct parse *p, const struct yaml_node *map, size_t *lane)
{
    const char *name = NULL;

    TRY(field_text(p, map, "lane", &name));
    for (size_t i = 0; i < p->config->lane_count; i++) {
        if (strcmp(p->config->lanes[i].name, name) == 0) {
            *lane = i;
            return SG_OK;
        }
    }
    return yaml_fail(p->doc, yaml_get(map, "lane"), p->why,
                     "there is no lane '%s'; name one of the entries under lanes", name);
}

enum sg_status field_words(struct parse *p, const struct yaml_node *map, const char *name,
                           struct config_words *out)
{
    const struct yaml_node *list = yaml_get(map, name);

    if (list == NULL) {
        return SG_OK;
    }
    if (list->kind != YAML_LIST) {
        return yaml_fail(p->doc, list, p->why, "'%s' is a list, like [a, b]", name);
    }
    out->items = (const char **)parse_alloc(p, list->count, sizeof(*out->items));
    if (out->items == NULL) {
        return SG_NO_MEMORY;
    }
    for (size_t i = 0; i < list->count; i++) {
        TRY(yaml_str(p->doc, &list->items[i], &out->items[i], p->why));
    }
    out->count = list->count;
    return SG_OK;
}

/* A list under a top-level name; *count items. min says how many there must be. */
enum sg_status field_list(struct parse *p, const char *name, size_t min,
                          const struct yaml_node **out)
{
    *out = yaml_get(yaml_root(p->doc), name);
    if (*out == NULL || (*out)->kind != YAML_LIST || (*out)->count < min) {
        return yaml_fail(p->doc, *out == NULL ? yaml_root(p->doc) : *out, p->why,
                         "'%s' must be a list with at least %zu entries", name, min);
    }
    return (*out)->count <= 256
               ? SG_OK
               : yaml_fail(p->doc, *out, p->why, "'%s' may have 256 entries", name);
}

enum sg_status field_unique(struct parse *p, const struct yaml_node *list)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct yaml_node *name = yaml_get(&list->items[i], "name");
        for (size_t j = 0; j < i; j++) {
            if (strcmp(name->text, yaml_get(&list->items[j], "name")->text) == 0) {
                return yaml_fail(p->doc, name, p->why, "the name '%s' is used twice",
                                 name->text);
            }
        }
    }
    return SG_OK;
}
