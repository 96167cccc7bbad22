#ifndef SEGEL_GATEWAY_LIMITS_H
#define SEGEL_GATEWAY_LIMITS_H

#include "proto/base.h"

/* The limits of the transport: rows of limits.def. The configuration reads them, the
 * transport keeps them, the metrics count who runs into them. */
enum limit {
#define LIMIT(id, field, unit, fallback, min, max, label, help) LIMIT_##id,
#include "gateway/limits.def"
#undef LIMIT
    LIMIT_COUNT
};

struct server_limits {
#define LIMIT(id, field, unit, fallback, min, max, label, help) uint32_t field;
#include "gateway/limits.def"
#undef LIMIT
    uint32_t deadline_default_ms; /* of unary calls that name none: sign.deadline_ms */
};

/* Each row's fallback. */
extern const struct server_limits limits_default;
#define SERVER_LIMITS_DEFAULT limits_default

struct limit_row {
    const char *path; /* "limits.connections" */
    const char *unit;
    const char *label; /* "" = not counted */
    const char *help;
    size_t offset; /* of a uint32_t in struct server_limits */
    uint32_t fallback;
    uint32_t min;
    uint32_t max;
};
const struct limit_row *limits_row(enum limit limit);

#endif
