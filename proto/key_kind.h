#ifndef SEGEL_PROTO_KEY_KIND_H
#define SEGEL_PROTO_KEY_KIND_H

#include "proto/base.h"
#include "segel/v1/keys.pb-c.h"

/* Its name in key_kind.def, static; NULL: a type that no ceremony of the gateway makes.
 */
const char *key_kind_name(Segel__V1__KeyType type);
/* False of such a type, too. */
bool key_kind_is_rsa(Segel__V1__KeyType type);

#endif
