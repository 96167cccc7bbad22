#ifndef SEGEL_CLIENT_AUDIT_ALIKE_H
#define SEGEL_CLIENT_AUDIT_ALIKE_H

#include "proto/json_in.h"

/* What RFC 8259 allows and programs that read JSON are at odds about: halves of pairs of
 * surrogates, NUL in names, numbers beyond 64 bits. No gateway writes any of it. */
bool reads_alike(const struct json_value *value);

#endif
