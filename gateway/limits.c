#include "gateway/limits.h"

const struct server_limits limits_default = {
#define LIMIT(id, field, unit, fallback, min, max, label, help) .field = (fallback),
#include "gateway/limits.def"
#undef LIMIT
    .deadline_default_ms = 5000,
};

static const struct limit_row rows[] = {
#define LIMIT(id, field, unit, fallback, min, max, label, help)                          \
    {"limits." #field, unit, label, help, offsetof(struct server_limits, field),         \
     fallback,         min,  max},
#include "gateway/limits.def"
#undef LIMIT
};

const struct limit_row *limits_row(enum limit limit)
{
    MUST((size_t)limit < SG_COUNT(rows));
    return &rows[limit];
}
