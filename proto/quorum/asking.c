#include "proto/quorum/asking.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "proto/quorum/asking_inside.h"
#include "proto/text.h"
#include "segel/v1/approvals.pb-c.h"
#include "segel/v1/keys.pb-c.h"
#include "segel/v1/mandates.pb-c.h"
#include "segel/v1/policy.pb-c.h"

enum { US_PER_S = 1000000 };

const char asking_bad_id[] = "request_id must have 1 to 64 bytes of plain text";
const char asking_bad_reason[] = "reason must have 1 to 256 bytes of plain text";

/* --- The table --------------------------------------------------------------------- */

static const struct row {
    const char *method;
    const ProtobufCMessageDescriptor *type;
    enum sg_status (*read)(const ProtobufCMessage *from, struct asking *out,
                           struct sg_error *why);
} rows[] = {
#define ASKING(service, method, message, read)                                           \
    {"/segel.v1." service "/" method, &segel__v1__##message##__descriptor, read},
#include "proto/quorum/asking.def"
#undef ASKING
};

static const struct row *find(const char *method)
{
    for (size_t i = 0; i < SG_COUNT(rows); i++) {
        if (strcmp(rows[i].method, method) == 0) {
            return &rows[i];
        }
    }
    return NULL;
}

const ProtobufCMessageDescriptor *asking_type(const char *method)
{
    const struct row *row = find(method);

    return row == NULL ? NULL : row->type;
}

/* A policy has a megabyte besides what others have. */
size_t asking_bytes_max(enum task task)
{
    enum { KIB = 1024 };

    bool long_one = task == TASK_POLICY_LOAD || task == TASK_MANDATE_OPEN;

    return (size_t)KIB * (long_one ? KIB + 64 : 64);
}

/* --- Fields ------------------------------------------------------------------------ */

enum sg_status asking_object(const char *name, const char *field, struct asking *out,
                             struct sg_error *why)
{
    if (!text_name(slice_str(name))) {
        return sg_fail(why, SG_INVALID,
                       "%s must be a name: 1 to 64 bytes of letters, digits, '.', '_' "
                       "and '-'",
                       field);
    }
    (void)snprintf(out->object, sizeof(out->object), "%s", name);
    return SG_OK;
}

enum sg_status asking_word(struct asking *out, const char *name, const char *value,
                           struct sg_error *why)
{
    size_t used = strcmp(out->param, "-") == 0 ? 0 : strlen(out->param);
    size_t room = sizeof(out->param) - used;

    if (value[0] == '\0' || !text_plain(slice_str(value)) || strchr(value, ' ') != NULL) {
        return sg_fail(why, SG_INVALID, "%s must be one word of plain text", name);
    }
    int len =
        snprintf(out->param + used, room, "%s%s=%s", used == 0 ? "" : " ", name, value);
    return len > 0 && (size_t)len < room
               ? SG_OK
               : sg_fail(why, SG_INVALID,
                         "what is asked for is too long to be signed: its words may have "
                         "%d bytes together",
                         GRANT_PARAM_MAX);
}

enum sg_status asking_number(struct asking *out, const char *name, uint64_t value,
                             struct sg_error *why)
{
    char text[24];

    (void)snprintf(text, sizeof(text), "%" PRIu64, value);
    return asking_word(out, name, text, why);
}

enum sg_status asking_time(struct asking *out, const char *name, int64_t unix_us,
                           struct sg_error *why)
{
    char text[TEXT_TIME_SIZE];

    /* What is signed has four digits of a year, and would name another one. */
    if (unix_us < 0 || unix_us >= TEXT_TIME_END_US || unix_us % US_PER_S != 0) {
        return sg_fail(why, SG_INVALID,
                       "%s must be a time in whole seconds, before the year 10000", name);
    }
    text_time_s(unix_us, text);
    return asking_word(out, name, text, why);
}

enum sg_status asking_read(const char *method, const ProtobufCMessage *message,
                           struct asking *out, struct sg_error *why)
{
    const struct row *row = find(method);

    *out = (struct asking){.param = "-", .request_id = "", .reason = ""};
    if (row == NULL) {
        return sg_fail(why, SG_UNSUPPORTED, "'%.100s' is no method that is guarded",
                       method);
    }
    MUST(message->descriptor == row->type);
    TRY(row->read(message, out, why));
    if (!text_fits(out->request_id, ASKING_ID_MAX)) {
        return sg_fail(why, SG_INVALID, "%s", asking_bad_id);
    }
    return text_fits(out->reason, ASKING_REASON_MAX)
               ? SG_OK
               : sg_fail(why, SG_INVALID, "%s", asking_bad_reason);
}
