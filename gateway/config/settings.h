#ifndef SEGEL_GATEWAY_CONFIG_SETTINGS_H
#define SEGEL_GATEWAY_CONFIG_SETTINGS_H

#include "gateway/config/config.h"
#include "gateway/config/yaml.h"

/* The scalar settings of the configuration: the rows of config.def, and behind them those
 * of limits.def. */
enum setting_kind { TEXT_SETTING, NUMBER_SETTING, LIMIT_SETTING };

/* What a text is. */
enum text_kind {
#define KIND(id, word, is_path) TEXT_##id,
#include "gateway/config/kinds.def"
#undef KIND
    TEXT_KINDS
};

struct setting {
    const char *path; /* "node", "ledger.path" */
    size_t offset;    /* in struct config; of a const char *, int64_t or uint32_t */
    enum setting_kind kind;
    enum text_kind text_kind;  /* of texts */
    const char *unit;          /* of numbers: "ms"; "" = a plain number */
    bool reload;               /* SIGHUP takes it from the file */
    const char *text_fallback; /* NULL: it must be given */
    int64_t fallback;
    struct yaml_range range; /* of numbers */
    const char *help;
};

enum { SETTINGS_MAX = 128 };
size_t settings_count(void); /* at most SETTINGS_MAX */
const struct setting *settings_row(size_t i);
bool setting_is_path(const struct setting *row);
bool setting_is_file(const struct setting *row); /* that is read, at a start or reload */
/* For people: "file", "number". */
const char *setting_type(const struct setting *row);
const char *setting_text(const struct setting *row, const struct config *config);
int64_t setting_number(const struct setting *row, const struct config *config);
/* Of files: whether they held the same when they were read, too. */
bool setting_same(const struct setting *row, const struct config *one,
                  const struct config *other);

/* A field of the entries of a list: the rows of fields.def. */
struct list_field {
    const char *list;
    const char *name;
    const char *type;
    const char *fallback; /* "": may be left out */
    const char *reload;   /* "yes" or "no" */
    const char *help;
};
enum { FIELDS_OF_A_LIST_MAX = 16 };
size_t list_fields_count(void);
const struct list_field *list_fields_row(size_t i);
/* The names of a list's fields; NULL ends them. */
void list_fields_of(const char *list, const char *words[FIELDS_OF_A_LIST_MAX]);

#endif
