#include "proto/algorithm.h"

#include <string.h>

static const char *const hash_names[] = {"none", "sha256", "sha384", "sha512"};
static const char *const scheme_names[] = {"none", "rsa-pkcs1", "rsa-pss", "ecdsa"};
static const char *const profile_names[] = {"none",      "pades_b_b", "pades_b_t",
                                            "cades_b_b", "cades_b_t", "raw"};
static const size_t hash_lens[] = {0, 32, 48, 64};

_Static_assert(SG_COUNT(hash_names) == SG_HASH_COUNT, "a name for each hash");
_Static_assert(SG_COUNT(scheme_names) == SG_SCHEME_COUNT, "a name for each scheme");
_Static_assert(SG_COUNT(profile_names) == SG_PROFILE_COUNT, "a name for each profile");

bool sg_hash_valid(int value)
{
    return value > SG_HASH_NONE && value < SG_HASH_COUNT;
}

bool sg_scheme_valid(int value)
{
    return value > SG_SCHEME_NONE && value < SG_SCHEME_COUNT;
}

bool sg_profile_valid(int value)
{
    return value > SG_PROFILE_NONE && value < SG_PROFILE_COUNT;
}

size_t sg_hash_len(enum sg_hash hash)
{
    return hash_lens[sg_hash_valid((int)hash) ? hash : SG_HASH_NONE];
}

const char *sg_hash_name(enum sg_hash hash)
{
    return hash_names[sg_hash_valid((int)hash) ? hash : SG_HASH_NONE];
}

const char *sg_scheme_name(enum sg_scheme scheme)
{
    return scheme_names[sg_scheme_valid((int)scheme) ? scheme : SG_SCHEME_NONE];
}

const char *sg_profile_name(enum sg_profile profile)
{
    return profile_names[sg_profile_valid((int)profile) ? profile : SG_PROFILE_NONE];
}

enum sg_profile sg_profile_unstamped(enum sg_profile profile)
{
    return profile == SG_PROFILE_PADES_B_T   ? SG_PROFILE_PADES_B_B
           : profile == SG_PROFILE_CADES_B_T ? SG_PROFILE_CADES_B_B
                                             : profile;
}

bool sg_profile_stamped(enum sg_profile profile)
{
    return sg_profile_unstamped(profile) != profile;
}

/* Equal but for '-' standing where the table has '_'. */
static bool same_word(const char *given, const char *known)
{
    for (; *given != '\0' && *known != '\0'; given++, known++) {
        if (*given != *known && !(*given == '-' && *known == '_')) {
            return false;
        }
    }
    return *given == *known;
}

static int find(const char *name, const char *const *names, int count)
{
    for (int i = 1; i < count; i++) {
        if (same_word(name, names[i])) {
            return i;
        }
    }
    return 0;
}

enum sg_profile sg_profile_parse(const char *name)
{
    return (enum sg_profile)find(name, profile_names, SG_PROFILE_COUNT);
}

enum sg_hash sg_hash_parse(const char *name)
{
    return (enum sg_hash)find(name, hash_names, SG_HASH_COUNT);
}

enum sg_scheme sg_scheme_parse(const char *name)
{
    return (enum sg_scheme)find(name, scheme_names, SG_SCHEME_COUNT);
}
