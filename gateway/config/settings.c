#include "gateway/config/settings.h"

#include <string.h>

enum { RELOAD_NO = 0, RELOAD_YES = 1 };

static const struct setting settings[] = {
#define TEXT(field, path, text, reload, fallback, help)                                  \
    {path,         offsetof(struct config, field),                                       \
     TEXT_SETTING, TEXT_##text,                                                          \
     "",           RELOAD_##reload,                                                      \
     fallback,     0,                                                                    \
     {0, 0},       help},
#define NUMBER(field, path, unit, reload, fallback, min, max, help)                      \
    {path,           offsetof(struct config, field),                                     \
     NUMBER_SETTING, TEXT_KINDS,                                                         \
     unit,           RELOAD_##reload,                                                    \
     NULL,           fallback,                                                           \
     {min, max},     help},
#include "gateway/config/config.def"
#undef TEXT
#undef NUMBER
#define LIMIT(id, field, unit, fallback, min, max, label, help)                          \
    {"limits." #field,                                                                   \
     offsetof(struct config, limits.field),                                              \
     LIMIT_SETTING,                                                                      \
     TEXT_KINDS,                                                                         \
     unit,                                                                               \
     RELOAD_NO,                                                                          \
     NULL,                                                                               \
     fallback,                                                                           \
     {min, max},                                                                         \
     help},
#include "gateway/limits.def"
#undef LIMIT
};

_Static_assert(SG_COUNT(settings) <= SETTINGS_MAX, "more settings than SETTINGS_MAX");

static const struct {
    const char *word;
    bool is_path;
} kinds[] = {
#define KIND(id, word, is_path) {word, is_path},
#include "gateway/config/kinds.def"
#undef KIND
};

static const struct list_field fields[] = {
#define FIELD(list, name, type, fallback, reload, help)                                  \
    {#list, #name, type, fallback, reload, help},
#include "gateway/config/fields.def"
#undef FIELD
};

size_t settings_count(void)
{
    return SG_COUNT(settings);
}

const struct setting *settings_row(size_t i)
{
    return &settings[i];
}

bool setting_is_path(const struct setting *row)
{
    return row->kind == TEXT_SETTING && kinds[row->text_kind].is_path;
}

bool setting_is_file(const struct setting *row)
{
    return row->kind == TEXT_SETTING &&
           (row->text_kind == TEXT_FILE || row->text_kind == TEXT_SECRET);
}

const char *setting_type(const struct setting *row)
{
    return row->kind == TEXT_SETTING ? kinds[row->text_kind].word : "number";
}

const char *setting_text(const struct setting *row, const struct config *config)
{
    const char *text = NULL;

    MUST(row->kind == TEXT_SETTING);
    memcpy(&text, (const char *)config + row->offset, sizeof(text));
    return text;
}

int64_t setting_number(const struct setting *row, const struct config *config)
{
    const char *place = (const char *)config + row->offset;
    int64_t number = 0;
    uint32_t limit = 0;

    if (row->kind == LIMIT_SETTING) {
        memcpy(&limit, place, sizeof(limit));
        return limit;
    }
    MUST(row->kind == NUMBER_SETTING);
    memcpy(&number, place, sizeof(number));
    return number;
}

bool setting_same(const struct setting *row, const struct config *one,
                  const struct config *other)
{
    size_t at = (size_t)(row - settings);

    if (row->kind != TEXT_SETTING) {
        return setting_number(row, one) == setting_number(row, other);
    }
    return strcmp(setting_text(row, one), setting_text(row, other)) == 0 &&
           memcmp(one->marks[at], other->marks[at], sizeof(one->marks[at])) == 0;
}

size_t list_fields_count(void)
{
    return SG_COUNT(fields);
}

const struct list_field *list_fields_row(size_t i)
{
    return &fields[i];
}

void list_fields_of(const char *list, const char *words[FIELDS_OF_A_LIST_MAX])
{
    size_t count = 0;

    for (size_t i = 0; i < SG_COUNT(fields); i++) {
        if (strcmp(fields[i].list, list) != 0) {
            continue;
        }
        MUST(count + 1 < FIELDS_OF_A_LIST_MAX);
        words[count++] = fields[i].name;
    }
    words[count] = NULL;
}
