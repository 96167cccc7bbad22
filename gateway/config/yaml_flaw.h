#ifndef SEGEL_GATEWAY_CONFIG_YAML_FLAW_H
#define SEGEL_GATEWAY_CONFIG_YAML_FLAW_H

#include "proto/base.h"
#include "proto/slice.h"

/* The first byte of a text that YAML allows and we do not: tabs and carriage returns,
 * which the signed form of a file cannot hold, a byte order mark, and the line separators
 * that editors do not show as line ends. text is UTF-8. */
struct yaml_flaw {
    unsigned line;   /* from 1 */
    unsigned column; /* from 1, in characters */
    const char *sentence;
};
bool yaml_flawed(struct slice text, struct yaml_flaw *out);

#endif
