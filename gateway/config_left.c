#include "gateway/config_left.h"

#include <stdio.h>
#include <string.h>

#include "gateway/config_settings.h"

/* All of these a reload takes: the files of TLS and what goes with them, and two paths.
 */
static const char taken_section[] = "tls.";
static const char *const taken[] = {"policy.file", "officers.quorum"};

struct names {
    char *out;
    size_t size;
    size_t len;
};

static void add(struct names *names, const char *name)
{
    static const char more[] = ", …";
    size_t room = names->size - names->len;
    size_t need = strlen(name) + (names->len == 0 ? 0 : 2) + sizeof(more);

    if (need <= room) {
        names->len += (size_t)snprintf(names->out + names->len, room, "%s%s",
                                       names->len == 0 ? "" : ", ", name);
    } else if (room >= sizeof(more)) {
        memcpy(names->out + names->len, more, sizeof(more));
        names->size = names->len; /* full: what follows has no room at all */
    }
}

static bool is_taken(const char *path)
{
    for (size_t i = 0; i < SG_COUNT(taken); i++) {
        if (strcmp(path, taken[i]) == 0) {
            return true;
        }
    }
    return strncmp(path, taken_section, sizeof(taken_section) - 1) == 0;
}

static const char *text_of(const struct setting *row, const struct config *config)
{
    const char *text = NULL;

    memcpy(&text, (const char *)config + row->offset, sizeof(text));
    return text == NULL ? "" : text;
}

static bool same_setting(const struct setting *row, const struct config *one,
                         const struct config *other)
{
    size_t size = row->kind == LIMIT_SETTING ? sizeof(uint32_t) : sizeof(int64_t);

    return row->kind == TEXT_SETTING
               ? strcmp(text_of(row, one), text_of(row, other)) == 0
               : memcmp((const char *)one + row->offset,
                        (const char *)other + row->offset, size) == 0;
}

static bool same_text(const char *one, const char *other)
{
    return strcmp(one == NULL ? "" : one, other == NULL ? "" : other) == 0;
}

static bool same_anchor(const struct config_anchor *one,
                        const struct config_anchor *other)
{
    return one->kind == other->kind && one->interval_s == other->interval_s &&
           same_text(one->name, other->name) && same_text(one->place, other->place) &&
           same_text(one->monitor, other->monitor) && same_text(one->vkey, other->vkey) &&
           same_text(one->chain, other->chain) && same_text(one->keep, other->keep) &&
           same_text(one->ca, other->ca);
}

static bool same_anchors(const struct config *one, const struct config *other)
{
    bool same = one->anchor_count == other->anchor_count;

    for (size_t i = 0; same && i < one->anchor_count; i++) {
        same = same_anchor(&one->anchors[i], &other->anchors[i]);
    }
    return same;
}

static bool same_log_key(const struct config *one, const struct config *other)
{
    return one->log_key.id_len == other->log_key.id_len &&
           memcmp(one->log_key.id, other->log_key.id, one->log_key.id_len) == 0 &&
           same_text(one->log_key.label, other->log_key.label);
}

static bool same_words(const struct config_words *one, const struct config_words *other)
{
    bool same = one->count == other->count;

    for (size_t i = 0; same && i < one->count; i++) {
        same = same_text(one->items[i], other->items[i]);
    }
    return same;
}

/* But for where it is: on which lanes a key lies is taken. */
static bool same_key(const struct config_key *one, const struct config_key *other)
{
    return same_text(one->name, other->name) && same_text(one->class, other->class) &&
           same_text(one->certificate, other->certificate) &&
           same_text(one->chain, other->chain) && one->scheme == other->scheme &&
           one->hash == other->hash && one->raw_allowed == other->raw_allowed &&
           same_words(&one->allowed_classes, &other->allowed_classes) &&
           same_words(&one->prohibited_classes, &other->prohibited_classes);
}

static bool same_keys(const struct config *one, const struct config *other)
{
    bool same = one->key_count == other->key_count;

    for (size_t i = 0; same && i < one->key_count; i++) {
        same = same_key(&one->keys[i], &other->keys[i]);
    }
    return same;
}

bool config_left(const struct config *begun, const struct config *now, char *out,
                 size_t size)
{
    struct names names = {.out = out, .size = size};

    out[0] = '\0';
    for (size_t i = 0; i < settings_count(); i++) {
        const struct setting *row = settings_row(i);
        if (!is_taken(row->path) && !same_setting(row, begun, now)) {
            add(&names, row->path);
        }
    }
    if (!same_keys(begun, now)) {
        add(&names, "keys");
    }
    if (!same_anchors(begun, now)) {
        add(&names, "anchors");
    }
    if (!same_log_key(begun, now)) {
        add(&names, "log_key");
    }
    return out[0] != '\0';
}
