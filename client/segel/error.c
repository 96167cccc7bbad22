#include "client/segel/error.h"

#include <stdarg.h>
#include <stdio.h>

static const char *const names[] = {
    [SEGEL_OK] = "ok",
    [SEGEL_END] = "end",
    [SEGEL_FULL] = "full",
    [SEGEL_TIMEOUT] = "timeout",
    [SEGEL_CANCELLED] = "cancelled",
    [SEGEL_USAGE] = "usage",
    [SEGEL_REFUSED] = "refused",
    [SEGEL_DENIED] = "denied",
    [SEGEL_CONFLICT] = "conflict",
    [SEGEL_NOT_FOUND] = "not-found",
    [SEGEL_BUSY] = "busy",
    [SEGEL_UNAVAILABLE] = "unavailable",
    [SEGEL_UNREACHABLE] = "unreachable",
    [SEGEL_UNTRUSTED] = "untrusted",
    [SEGEL_FILE] = "file",
    [SEGEL_MEMORY] = "memory",
    [SEGEL_FAULT] = "fault",
};

const char *segel_code_name(int code)
{
    return code < 0 || (size_t)code >= SG_COUNT(names) ? "unknown" : names[code];
}

const char *segel_version(void)
{
    return SEGEL_VERSION;
}

int error_set(struct segel_error *error, enum segel_code code, const char *reason,
              const char *format, ...)
{
    va_list args;

    if (error == NULL) {
        return (int)code;
    }
    error->code = (int)code;
    error->rule[0] = '\0';
    error->cp_section[0] = '\0';
    (void)snprintf(error->reason, sizeof(error->reason), "%s",
                   reason == NULL || reason[0] == '\0' ? segel_code_name((int)code)
                                                       : reason);
    va_start(args, format);
    (void)vsnprintf(error->text, sizeof(error->text), format, args);
    va_end(args);
    return (int)code;
}

int error_memory(struct segel_error *error)
{
    return error_set(error, SEGEL_MEMORY, NULL, "%s", sg_status_text(SG_NO_MEMORY));
}

int error_unanswered(struct segel_error *error)
{
    return error_set(
        error, SEGEL_TIMEOUT, NULL,
        "no answer came in time; it may have been signed: ask again with the "
        "same request id and signing time");
}

int error_status(struct segel_error *error, enum sg_status status,
                 const struct sg_error *why)
{
    return error_set(error, error_code_of(status), NULL, "%s",
                     why->text[0] == '\0' ? sg_status_text(status) : why->text);
}

int error_null(struct segel_error *error, const char *name)
{
    return error_set(error, SEGEL_USAGE, NULL, "%s is NULL", name);
}

int error_copy(struct segel_error *error, const struct segel_error *from)
{
    if (error != NULL && error != from) {
        *error = *from;
    }
    return from->code;
}

/* A status of our own: memory and files are not the gateway's. */
enum segel_code error_code_of(enum sg_status status)
{
    if (status == SG_NO_MEMORY) {
        return SEGEL_MEMORY;
    }
    if (status == SG_IO) {
        return SEGEL_UNREACHABLE;
    }
    return status == SG_OK ? SEGEL_OK : error_code_of_grpc(sg_status_grpc(status));
}

static const struct {
    int grpc_code;
    enum segel_code code;
} rows[] = {
    {-1, SEGEL_UNREACHABLE}, {1, SEGEL_CANCELLED},  {3, SEGEL_USAGE},
    {4, SEGEL_TIMEOUT},      {5, SEGEL_NOT_FOUND},  {6, SEGEL_CONFLICT},
    {7, SEGEL_DENIED},       {8, SEGEL_BUSY},       {9, SEGEL_DENIED},
    {14, SEGEL_UNAVAILABLE}, {16, SEGEL_UNTRUSTED},
};

enum segel_code error_code_of_grpc(int grpc_code)
{
    for (size_t i = 0; i < SG_COUNT(rows); i++) {
        if (rows[i].grpc_code == grpc_code) {
            return rows[i].code;
        }
    }
    return SEGEL_FAULT;
}

bool error_take_struct(void *own, size_t own_size, const void *given)
{
    size_t size = 0;

    memset(own, 0, own_size);
    if (given == NULL) {
        return false;
    }
    memcpy(&size, given, sizeof(size));
    if (size < sizeof(size) || size > 65536) {
        return false;
    }
    memcpy(own, given, size < own_size ? size : own_size);
    return true;
}
