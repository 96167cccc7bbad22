#include "gateway/config_settings.h"

static const struct setting settings[] = {
#define TEXT(field, path, fallback, help)                                                \
    {path, offsetof(struct config, field), TEXT_SETTING, fallback, 0, {0, 0}, help},
#define NUMBER(field, path, fallback, min, max, help)                                    \
    {path, offsetof(struct config, field), NUMBER_SETTING, NULL, fallback, {min, max},   \
     help},
#include "gateway/config.def"
#undef TEXT
#undef NUMBER
#define LIMIT(id, field, unit, fallback, min, max, label, help)                          \
    {"limits." #field,                                                                   \
     offsetof(struct config, limits.field),                                              \
     LIMIT_SETTING,                                                                      \
     NULL,                                                                               \
     fallback,                                                                           \
     {min, max},                                                                         \
     help},
#include "gateway/limits.def"
#undef LIMIT
};

_Static_assert(SG_COUNT(settings) <= SETTINGS_MAX, "more settings than SETTINGS_MAX");

size_t settings_count(void)
{
    return SG_COUNT(settings);
}

const struct setting *settings_row(size_t i)
{
    return &settings[i];
}
