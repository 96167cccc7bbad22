#include "client/commands/sign/level.h"

#include <string.h>

#include "proto/algorithm.h"

static const char family[] = "pades-";

/* '_' is as good as '-', as in all names of profiles. */
static bool same_word(const char *given, const char *word)
{
    while (*given != '\0' && (*given == *word || (*given == '_' && *word == '-'))) {
        given++;
        word++;
    }
    return *given == *word;
}

static bool is_level(const char *profile, enum extend_level level)
{
    size_t len = strlen(family);

    for (size_t i = 0; i < len; i++) {
        if (profile[i] != family[i] && !(profile[i] == '_' && family[i] == '-')) {
            return false;
        }
    }
    return same_word(profile + len, extend_level_word(level));
}

bool sign_level_read(const char *profile, enum extend_level *out)
{
    for (int level = EXTEND_B_LT; level < EXTEND_LEVELS; level++) {
        if (is_level(profile, (enum extend_level)level)) {
            *out = (enum extend_level)level;
            return true;
        }
    }
    return false;
}

const char *sign_level_signed(const char *profile, bool downgraded)
{
    enum extend_level level;
    bool stamped =
        sign_level_read(profile, &level) || sg_profile_stamped(sg_profile_parse(profile));

    return stamped && !downgraded ? "b-t" : "b-b";
}
