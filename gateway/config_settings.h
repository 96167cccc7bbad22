#ifndef SEGEL_GATEWAY_CONFIG_SETTINGS_H
#define SEGEL_GATEWAY_CONFIG_SETTINGS_H

#include "gateway/config.h"
#include "gateway/yaml.h"

/* The scalar settings of the configuration: the rows of config.def, and behind them those
 * of limits.def. */
enum setting_kind { TEXT_SETTING, NUMBER_SETTING, LIMIT_SETTING };

struct setting {
    const char *path; /* "node", "ledger.path" */
    size_t offset;    /* in struct config; of a const char *, int64_t or uint32_t */
    enum setting_kind kind;
    const char *text_fallback; /* NULL: it must be given */
    int64_t fallback;
    struct yaml_range range; /* of numbers */
    const char *help;
};

enum { SETTINGS_MAX = 128 };
size_t settings_count(void); /* at most SETTINGS_MAX */
const struct setting *settings_row(size_t i);

#endif
