#include "proto/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/base.h"
#include "proto/text.h"

struct status_row {
    const char *name;
    const char *text;
    int grpc_code;
};

static const struct status_row rows[] = {
#define SG_STATUS(name, grpc_code, text) {#name, text, grpc_code},
#include "proto/status.def"
#undef SG_STATUS
};

static const struct status_row *row_of(enum sg_status status)
{
    return (unsigned)status < SG_STATUS_COUNT ? &rows[status] : &rows[SG_INTERNAL];
}

const char *sg_status_name(enum sg_status status)
{
    return row_of(status)->name;
}

const char *sg_status_text(enum sg_status status)
{
    return row_of(status)->text;
}

int sg_status_grpc(enum sg_status status)
{
    return row_of(status)->grpc_code;
}

enum sg_status sg_fail(struct sg_error *why, enum sg_status status, const char *format,
                       ...)
{
    if (why != NULL) {
        va_list args;
        va_start(args, format);
        (void)vsnprintf(why->text, sizeof(why->text), format, args);
        va_end(args);
        text_mend(why->text);
    }
    return status;
}

_Noreturn void sg_must_failed(const char *file, int line, const char *claim)
{
    (void)fprintf(stderr, "segel: %s:%d: this must hold: %s\n", file, line, claim);
    abort();
}
