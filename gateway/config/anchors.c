#include "gateway/config/anchors.h"

#include <string.h>

#include "gateway/config/parse.h"

/* Anchors: places that keep checkpoints of the log. */

enum { LONGEST_INTERVAL_S = 86400, LONGEST_PATIENCE_MS = 20000, US_PER_MS = 1000 };

/* What names the place, which fields go with it, and how often it is given
 * the newest checkpoint when nobody says. A person empties a drop folder: a file a minute
 * would be too many. */
static const struct kind {
    const char *word;
    const char *const fields[8];
    bool is_url;
    int64_t interval_s;
} kinds[] = {
    [ANCHOR_DISK] = {"path", {"name", "path", "interval_s"}, false, 10},
    [ANCHOR_DROP] = {"drop", {"name", "drop", "interval_s"}, false, 3600},
    [ANCHOR_WITNESS] = {"witness",
                        {"name", "witness", "vkey", "monitor", "ca", "interval_s"},
                        true,
                        60},
    [ANCHOR_STAMP] = {"tsa",
                      {"name", "tsa", "chain", "keep", "ca", "interval_s"},
                      true,
                      3600},
};

const char *config_anchor_word(enum config_anchor_kind kind)
{
    return kinds[kind].word;
}

int64_t config_folder_patience_us(const struct config *config)
{
    int64_t ms = config->anchoring_timeout_ms;

    return (ms < LONGEST_PATIENCE_MS ? ms : LONGEST_PATIENCE_MS) * US_PER_MS;
}

static enum sg_status find_kind(struct parse *p, const struct yaml_node *map,
                                enum config_anchor_kind *out)
{
    size_t found = 0;

    for (size_t i = 0; i < SG_COUNT(kinds); i++) {
        if (yaml_get(map, kinds[i].word) != NULL) {
            *out = (enum config_anchor_kind)i;
            found++;
        }
    }
    return found == 1 ? SG_OK
                      : yaml_fail(p->doc, map, p->why,
                                  "an anchor has exactly one of path, drop, witness and "
                                  "tsa: it says what kind of place it is");
}

/* Printable, with nothing that could carry a password or lead elsewhere. */
static bool url_valid(const char *url)
{
    const char *host = strncmp(url, "https://", 8) == 0  ? url + 8
                       : strncmp(url, "http://", 7) == 0 ? url + 7
                                                         : "";
    size_t len = strlen(url);

    if (host[0] == '\0' || host[0] == '/' || len > CONFIG_ANCHOR_URL_MAX ||
        url[len - 1] == '/') {
        return false;
    }
    for (const char *at = url; *at != '\0'; at++) {
        if (*at <= ' ' || *at > '~' || strchr("@?#\\\"<>", *at) != NULL) {
            return false;
        }
    }
    return true;
}

static enum sg_status field_url(struct parse *p, const struct yaml_node *map,
                                const char *name, const char **out)
{
    TRY(field_text(p, map, name, out));
    return url_valid(*out)
               ? SG_OK
               : yaml_fail(p->doc, yaml_get(map, name), p->why,
                           "'%s' is no address for an anchor: wanted is http:// or "
                           "https://, a host, and perhaps a path, without a slash at the "
                           "end and without name, password or question mark",
                           *out);
}

static enum sg_status read_witness(struct parse *p, const struct yaml_node *map,
                                   struct config_anchor *anchor)
{
    TRY(field_text(p, map, "vkey", &anchor->vkey));
    anchor->monitor = anchor->place;
    return yaml_get(map, "monitor") == NULL
               ? SG_OK
               : field_url(p, map, "monitor", &anchor->monitor);
}

static enum sg_status read_authority(struct parse *p, const struct yaml_node *map,
                                     struct config_anchor *anchor)
{
    TRY(field_path(p, map, "chain", &anchor->chain));
    return yaml_get(map, "keep") == NULL ? SG_OK
                                         : field_path(p, map, "keep", &anchor->keep);
}

static enum sg_status read_place(struct parse *p, const struct yaml_node *map,
                                 struct config_anchor *anchor)
{
    const struct kind *kind = &kinds[anchor->kind];

    if (!kind->is_url) {
        return field_path(p, map, kind->word, &anchor->place);
    }
    TRY(field_url(p, map, kind->word, &anchor->place));
    if (yaml_get(map, "ca") != NULL) {
        TRY(field_path(p, map, "ca", &anchor->ca));
    }
    return anchor->kind == ANCHOR_WITNESS ? read_witness(p, map, anchor)
                                          : read_authority(p, map, anchor);
}

static enum sg_status read_anchor(struct parse *p, const struct yaml_node *map,
                                  struct config_anchor *anchor)
{
    static const struct yaml_range range = {1, LONGEST_INTERVAL_S};
    const struct yaml_node *interval = yaml_get(map, "interval_s");

    *anchor = (struct config_anchor){
        .monitor = "", .vkey = "", .chain = "", .keep = "", .ca = ""};
    TRY(find_kind(p, map, &anchor->kind));
    TRY(parse_known(p, map, kinds[anchor->kind].fields));
    TRY(field_name(p, map, &anchor->name));
    TRY(read_place(p, map, anchor));
    anchor->interval_s = kinds[anchor->kind].interval_s;
    return interval == NULL
               ? SG_OK
               : yaml_int(p->doc, interval, range, &anchor->interval_s, p->why);
}

/* What both write to; NULL: nothing. */
static const char *shared_place(const struct config_anchor *one,
                                const struct config_anchor *other)
{
    if (strcmp(one->place, other->place) == 0) {
        return one->place;
    }
    bool taken = strcmp(one->keep, other->place) == 0 ||
                 (one->keep[0] != '\0' && strcmp(one->keep, other->keep) == 0);
    if (taken) {
        return one->keep;
    }
    return strcmp(one->place, other->keep) == 0 ? one->place : NULL;
}

/* Two of one place would each find the other's checkpoint there, or put its own over it.
 */
static enum sg_status check_places(struct parse *p, const struct yaml_node *list)
{
    const struct config_anchor *anchors = p->config->anchors;

    for (size_t i = 0; i < p->config->anchor_count; i++) {
        for (size_t k = 0; k < i; k++) {
            const char *shared = shared_place(&anchors[i], &anchors[k]);
            if (shared != NULL) {
                return yaml_fail(p->doc, &list->items[i], p->why,
                                 "'%s' is the place of anchor '%s' already", shared,
                                 anchors[k].name);
            }
        }
    }
    return SG_OK;
}

static enum sg_status check_quorum(struct parse *p, const struct yaml_node *list)
{
    int64_t quorum = p->config->anchoring_quorum;
    int64_t outside = 0;

    for (size_t i = 0; i < p->config->anchor_count; i++) {
        outside += p->config->anchors[i].kind != ANCHOR_DISK ? 1 : 0;
    }
    return quorum == 1 || quorum <= outside
               ? SG_OK
               : yaml_fail(
                     p->doc, list, p->why,
                     "anchoring.quorum asks for %d anchors outside of this machine, "
                     "and %d are here",
                     (int)quorum, (int)outside);
}

enum sg_status parse_anchors(struct parse *p)
{
    const struct yaml_node *list = NULL;

    if (yaml_get(yaml_root(p->doc), "anchors") == NULL) {
        return SG_OK;
    }
    TRY(field_list(p, "anchors", 1, &list));
    if (list->count > CONFIG_ANCHORS_MAX) {
        return yaml_fail(p->doc, list, p->why, "'anchors' may have %d entries",
                         CONFIG_ANCHORS_MAX);
    }
    p->config->anchors =
        (struct config_anchor *)parse_alloc(p, list->count, sizeof(struct config_anchor));
    if (p->config->anchors == NULL) {
        return SG_NO_MEMORY;
    }
    for (size_t i = 0; i < list->count; i++) {
        TRY(read_anchor(p, &list->items[i], &p->config->anchors[i]));
        p->config->anchor_count++;
    }
    TRY(check_places(p, list));
    TRY(check_quorum(p, list));
    return field_unique(p, list);
}
