#include "gateway/policy/load.h"
#include "proto/text.h"

/* What all parts of the file have in common: maps with fields, choices, plain texts. */

enum { WORDS_MAX = 64, LISTED_MAX = 12 };

enum sg_status load_unknown(struct loader *loader, const struct yaml_node *at,
                            const char *what, const char *const *words)
{
    char listed[256];
    struct line line;
    size_t count = 0;
    const char *nearest = yaml_nearest(at->text, words);

    if (nearest != NULL) {
        return yaml_fail(loader->doc, at, loader->why,
                         "unknown %s '%s'; did you mean '%s'?", what, at->text, nearest);
    }
    if (words[0] == NULL) {
        return yaml_fail(loader->doc, at, loader->why,
                         "unknown %s '%s': the file has none", what, at->text);
    }
    line_init(&line, listed, sizeof(listed));
    for (; count < LISTED_MAX && words[count] != NULL; count++) {
        line_str(&line, count > 0 ? ", " : "");
        line_str(&line, words[count]);
    }
    return yaml_fail(loader->doc, at, loader->why, "unknown %s '%s'; allowed are %s%s",
                     what, at->text, listed, words[count] != NULL ? " and others" : "");
}

static enum sg_status refuse_unknown(struct loader *loader, const struct yaml_node *map,
                                     const struct field *fields)
{
    const char *words[WORDS_MAX] = {NULL};

    for (size_t i = 0; fields[i].name != NULL; i++) {
        MUST(i < WORDS_MAX - 1);
        words[i] = fields[i].name;
    }
    for (size_t i = 0; i < map->count; i++) {
        size_t at = 0;
        while (words[at] != NULL && strcmp(words[at], map->keys[i].text) != 0) {
            at++;
        }
        if (words[at] == NULL) {
            return load_unknown(loader, &map->keys[i], "field", words);
        }
    }
    return SG_OK;
}

static enum sg_status read_field(struct loader *loader, const struct yaml_node *map,
                                 const struct field *field, void *target)
{
    const struct yaml_node *node = yaml_get(map, field->name);

    if (node != NULL) {
        return field->read(loader, node, target);
    }
    if (field->required) {
        return yaml_fail(loader->doc, map, loader->why, "the field '%s' is missing here",
                         field->name);
    }
    return SG_OK;
}

enum sg_status load_fields(struct loader *loader, const struct yaml_node *map,
                           const struct field *fields, void *target)
{
    TRY(load_is(loader, map, YAML_MAP, "a map of fields"));
    TRY(refuse_unknown(loader, map, fields));
    for (size_t i = 0; fields[i].name != NULL; i++) {
        TRY(read_field(loader, map, &fields[i], target));
    }
    return SG_OK;
}

enum sg_status load_choice(struct loader *loader, const struct yaml_node *node,
                           const char *what, const char *const *words, size_t *index)
{
    const char *text = "";

    TRY(yaml_str(loader->doc, node, &text, loader->why));
    for (size_t i = 0; words[i] != NULL; i++) {
        if (strcmp(words[i], text) == 0) {
            *index = i;
            return SG_OK;
        }
    }
    return load_unknown(loader, node, what, words);
}

enum sg_status load_is(struct loader *loader, const struct yaml_node *node,
                       enum yaml_kind kind, const char *what)
{
    if (node->kind != kind) {
        return yaml_fail(loader->doc, node, loader->why, "wanted here is %s", what);
    }
    return SG_OK;
}

enum sg_status load_is_list(struct loader *loader, const struct yaml_node *node,
                            size_t max, const char *what)
{
    TRY(load_is(loader, node, YAML_LIST, what));
    if (node->count == 0 || node->count > max) {
        return yaml_fail(loader->doc, node, loader->why,
                         "wanted here is %s with 1 to %zu entries, found are %zu", what,
                         max, node->count);
    }
    return SG_OK;
}

enum sg_status load_text(struct loader *loader, const struct yaml_node *node,
                         const char **out)
{
    const char *text = "";

    TRY(yaml_str(loader->doc, node, &text, loader->why));
    struct slice bytes = slice_str(text);
    if (bytes.len == 0 || bytes.len > LOAD_TEXT_MAX || !text_plain(bytes)) {
        return yaml_fail(loader->doc, node, loader->why,
                         "wanted here is one line of 1 to %d bytes", LOAD_TEXT_MAX);
    }
    *out = text;
    return SG_OK;
}

enum sg_status load_name(struct loader *loader, const struct yaml_node *node,
                         const char **out)
{
    const char *text = "";

    TRY(yaml_str(loader->doc, node, &text, loader->why));
    if (!text_name(slice_str(text))) {
        return yaml_fail(loader->doc, node, loader->why,
                         "'%s' is not a name: wanted are 1 to 64 characters of "
                         "A-Z a-z 0-9 . _ -",
                         text);
    }
    *out = text;
    return SG_OK;
}

enum sg_status load_sha256(struct loader *loader, const struct yaml_node *node,
                           uint8_t out[32])
{
    const char *text = "";
    size_t len = 0;

    TRY(yaml_str(loader->doc, node, &text, loader->why));
    if (text_unhex(slice_str(text), out, 32, &len) != SG_OK || len != 32) {
        return yaml_fail(loader->doc, node, loader->why,
                         "wanted here is a SHA-256: 64 hexadecimal digits");
    }
    return SG_OK;
}

static enum sg_status read_id(struct loader *loader, const struct yaml_node *node,
                              void *target)
{
    return load_text(loader, node, &((struct bilingual *)target)->id);
}

static enum sg_status read_en(struct loader *loader, const struct yaml_node *node,
                              void *target)
{
    return load_text(loader, node, &((struct bilingual *)target)->en);
}

enum sg_status load_bilingual(struct loader *loader, const struct yaml_node *node,
                              struct bilingual *out)
{
    static const struct field fields[] = {
        {"id", true, read_id}, {"en", true, read_en}, {NULL, false, NULL}};

    return load_fields(loader, node, fields, out);
}
