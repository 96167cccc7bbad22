#include "proto/quorum/param.h"

#include <string.h>

#include "proto/text.h"

bool param_word(const char *param, const char *name, struct slice *out)
{
    size_t len = strlen(name);

    for (const char *at = param; at != NULL; at = strchr(at, ' ')) {
        at += at[0] == ' ' ? 1 : 0;
        if (strncmp(at, name, len) == 0 && at[len] == '=') {
            *out = slice_of(at + len + 1, strcspn(at + len + 1, " "));
            return true;
        }
    }
    return false;
}

enum sg_status param_number(const char *param, const char *name, uint64_t max,
                            uint64_t *out)
{
    struct slice word;

    *out = 0;
    if (!param_word(param, name, &word)) {
        return SG_OK;
    }
    return text_uint(word, max, out) == SG_OK ? SG_OK : SG_CORRUPT;
}

enum sg_status param_time(const char *param, const char *name, int64_t *unix_us)
{
    struct slice word;

    *unix_us = 0;
    if (!param_word(param, name, &word)) {
        return SG_OK;
    }
    return text_time_parse(word, unix_us) == SG_OK ? SG_OK : SG_CORRUPT;
}
