#include <string.h>

#include "gateway/policy/compiled.h"
#include "gateway/policy/review.h"

/* The fixed words of the policy language, and the tables of codes and rules. */

const char *rule_level_name(enum rule_level level)
{
    static const char *const names[] = {
        [RULE_HARD] = "hard", [RULE_SOFT] = "soft", [RULE_ADVISORY] = "advisory"};

    return names[level];
}

const char *rule_mode_name(enum rule_mode mode)
{
    static const char *const names[] = {[RULE_ENFORCE] = "enforce",
                                        [RULE_SHADOW] = "shadow",
                                        [RULE_OFF] = "off",
                                        [RULE_PENDING] = "pending"};

    return names[mode];
}

const char *rule_result_name(enum rule_result result)
{
    static const char *const names[] = {
        [RULE_NONE] = "none",
        [RULE_PASS] = "pass",
        [RULE_FAIL] = "fail",
        [RULE_WARN] = "warn",
        [RULE_ERROR] = "error",
        [RULE_SKIP] = "skip",
        [RULE_SHADOW_PASS] = "shadow_pass",
        [RULE_SHADOW_FAIL] = "shadow_fail",
        [RULE_SHADOW_ERROR] = "shadow_error",
    };

    return names[result];
}

enum sg_status deny_status(const char *code)
{
    static const struct {
        const char *code;
        enum sg_status status;
    } rows[] = {
#define DENY(code, status) {#code, SG_##status},
#include "gateway/policy/deny.def"
#undef DENY
    };

    for (size_t i = 0; i < SG_COUNT(rows); i++) {
        if (strcmp(rows[i].code, code) == 0) {
            return rows[i].status;
        }
    }
    return SG_PRECONDITION;
}

static const struct catalogue_row catalogue[] = {
#define CATALOGUE(rule, level, title, title_id, law, beside)                             \
    {rule, RULE_##level, title, title_id, law, beside},
#include "gateway/policy/catalogue.def"
#undef CATALOGUE
};

const struct catalogue_row *catalogue_at(size_t index)
{
    return index < SG_COUNT(catalogue) ? &catalogue[index] : NULL;
}

const struct catalogue_row *catalogue_find(const char *rule)
{
    for (size_t i = 0; i < SG_COUNT(catalogue); i++) {
        if (strcmp(catalogue[i].rule, rule) == 0) {
            return &catalogue[i];
        }
    }
    return NULL;
}

bool catalogue_level(const char *rule, enum rule_level *level)
{
    const struct catalogue_row *row = catalogue_find(rule);

    if (row != NULL) {
        *level = row->level;
    }
    return row != NULL;
}
