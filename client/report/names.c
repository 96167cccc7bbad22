#include "client/report/names.h"

#include <stdlib.h>

#include "proto/text.h"

enum { NAMES_MOST = 4096 };
static const char replaced[] = "\xEF\xBF\xBD"; /* U+FFFD */

enum sg_status names_init(struct names *names, uint16_t most)
{
    uint32_t slots = 16;

    MUST(most <= NAMES_MOST);
    while (slots < 2u * most) {
        slots *= 2;
    }
    *names = (struct names){.most = most, .mask = slots - 1};
    names->text = (char(*)[NAME_BYTES])calloc(most, NAME_BYTES);
    names->slots = (uint16_t *)calloc(slots, sizeof(*names->slots));
    return names->text != NULL && names->slots != NULL ? SG_OK : SG_NO_MEMORY;
}

void names_fini(struct names *names)
{
    free(names->text);
    free(names->slots);
    *names = (struct names){0};
}

/* --- Cleaning ---------------------------------------------------------------------- */

static size_t sequence(uint8_t first)
{
    if (first < 0x80) {
        return 1;
    }
    if (first >= 0xF0) {
        return 4;
    }
    return first >= 0xE0 ? 3 : 2;
}

/* One character of the text: how long it is, and whether it may be shown as it is. */
static size_t look(struct slice text, size_t at, bool newlines, bool *good)
{
    size_t len = sequence(text.data[at]);
    size_t hidden = text_hidden(text, at);

    *good = false;
    if (hidden > 0) {
        return hidden;
    }
    if (len > text.len - at || !text_utf8(slice_of(text.data + at, len))) {
        return 1;
    }
    *good = (text.data[at] >= 0x20 && text.data[at] != 0x7F) ||
            (newlines && text.data[at] == '\n');
    return len;
}

void name_clean(struct slice text, bool newlines, char *out, size_t cap)
{
    size_t len = 0;
    size_t step = 0;

    for (size_t i = 0; i < text.len; i += step) {
        bool good = false;
        step = look(text, i, newlines, &good);
        const void *from = good ? (const void *)(text.data + i) : replaced;
        size_t bytes = good ? step : sizeof(replaced) - 1;
        if (len + bytes >= cap) {
            break;
        }
        memcpy(out + len, from, bytes);
        len += bytes;
    }
    out[len] = '\0';
}

/* --- Numbers ----------------------------------------------------------------------- */

static uint32_t hash_of(const char *text)
{
    uint32_t hash = 2166136261u; /* FNV-1a; the table is small and its size is bounded */

    for (; *text != '\0'; text++) {
        hash = (hash ^ (uint8_t)*text) * 16777619u;
    }
    return hash;
}

uint16_t names_id(struct names *names, struct slice text)
{
    char clean[NAME_BYTES];

    MUST(names->text != NULL && names->slots != NULL);
    name_clean(text, false, clean, sizeof(clean));
    uint32_t at = hash_of(clean) & names->mask;
    while (names->slots[at] != 0 &&
           strcmp(names->text[names->slots[at] - 1], clean) != 0) {
        at = (at + 1) & names->mask;
    }
    if (names->slots[at] == 0 && names->count == names->most) {
        return names->most;
    }
    if (names->slots[at] == 0) {
        memcpy(names->text[names->count], clean, sizeof(clean));
        names->slots[at] = ++names->count;
    }
    names->last = (uint16_t)(names->slots[at] - 1);
    return names->last;
}

static bool is_last(const struct names *names, struct slice raw)
{
    const char *last = names->count == 0 ? NULL : names->text[names->last];

    return last != NULL && raw.len > 0 && raw.len < NAME_BYTES - 1 &&
           memcmp(last, raw.data, raw.len) == 0 && last[raw.len] == '\0' &&
           memchr(raw.data, '\\', raw.len) == NULL;
}

uint16_t names_member(struct names *names, const struct scan *scan, enum member member)
{
    uint8_t text[4 * NAME_BYTES];

    if (is_last(names, scan_raw(scan, member))) {
        return names->last;
    }
    size_t len = scan_text(scan, member, text, sizeof(text));
    return names_id(names, slice_of(text, len));
}

const char *names_text(const struct names *names, uint16_t id)
{
    return id < names->count ? names->text[id] : NULL;
}
