#include "client/report/hands.h"

#include <stdlib.h>

#include "client/report/names.h"
#include "gateway/config/yaml.h"

static void free_yaml(struct yaml **doc)
{
    yaml_free(*doc);
}

static enum sg_status unknown_key(const struct yaml *doc, const struct yaml_node *key,
                                  struct sg_error *why)
{
    const char *words[HAND_COUNTS + 1] = {NULL};

    for (size_t i = 0; i < HAND_COUNTS; i++) {
        words[i] = hand_key((enum hand)i);
    }
    const char *near = yaml_nearest(key->text, words);
    return yaml_fail(doc, key, why, "a report has no field '%.40s'%s%s%s", key->text,
                     near == NULL ? ": docs/REPORT.md lists them" : ": did you mean '",
                     near == NULL ? "" : near, near == NULL ? "" : "'?");
}

static enum sg_status take(const struct yaml *doc, const struct yaml_node *map, size_t at,
                           struct hands *hands, struct sg_error *why)
{
    const struct yaml_node *key = &map->keys[at];
    const char *text = NULL;
    size_t which = 0;

    while (which < HAND_COUNTS && strcmp(key->text, hand_key((enum hand)which)) != 0) {
        which++;
    }
    if (which == HAND_COUNTS) {
        return unknown_key(doc, key, why);
    }
    TRY(yaml_str(doc, &map->items[at], &text, why));
    if (strlen(text) > HAND_TEXT / 3) {
        return yaml_fail(doc, &map->items[at], why, "longer than %d bytes",
                         HAND_TEXT / 3);
    }
    hands->texts[which] = (char *)malloc(HAND_TEXT);
    if (hands->texts[which] == NULL) {
        return SG_NO_MEMORY;
    }
    name_clean(slice_str(text), true, hands->texts[which], HAND_TEXT);
    return SG_OK;
}

enum sg_status hands_read(const char *path, struct hands *hands, struct sg_error *why)
{
    AUTO(free_yaml) struct yaml *doc = NULL;

    enum sg_status status = yaml_read_file(path, &doc, why);
    if (status == SG_NOT_FOUND) {
        return sg_fail(why, SG_IO, "%s is not there", path);
    }
    TRY(status);
    const struct yaml_node *map = yaml_root(doc);
    if (map->kind != YAML_MAP) {
        return yaml_fail(doc, map, why, "notes are a map: field: text");
    }
    for (size_t i = 0; i < map->count; i++) {
        TRY(take(doc, map, i, hands, why));
    }
    return SG_OK;
}

void hands_fini(struct hands *hands)
{
    for (size_t i = 0; i < HAND_COUNTS; i++) {
        free(hands->texts[i]);
        hands->texts[i] = NULL;
    }
}
