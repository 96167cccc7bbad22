#include "proto/key_kind.h"

static const struct {
    const char *name;
    bool rsa;
} kinds[] = {
#define KEY_KIND(type, rsa, name) [SEGEL__V1__KEY_TYPE__KEY_TYPE_##type] = {name, rsa},
#include "proto/key_kind.def"
#undef KEY_KIND
};

const char *key_kind_name(Segel__V1__KeyType type)
{
    return (size_t)type < SG_COUNT(kinds) ? kinds[type].name : NULL;
}

bool key_kind_is_rsa(Segel__V1__KeyType type)
{
    return (size_t)type < SG_COUNT(kinds) && kinds[type].rsa;
}
