#include "client/console/period.h"

#include <stdio.h>
#include <string.h>

#include "proto/text.h"

enum sg_status period_time(const char *option, const char *text, int64_t *out,
                           struct sg_error *why)
{
    char full[64];

    if (text == NULL) {
        return SG_OK;
    }
    (void)snprintf(full, sizeof(full), "%s%s", text,
                   strlen(text) == 10 ? "T00:00:00Z" : "");
    if (text_time_parse(slice_str(full), out) != SG_OK) {
        return sg_fail(why, SG_INVALID,
                       "--%s '%s' is not a time: write 2026-05-02 or "
                       "2026-05-02T08:00:00+07:00",
                       option, text);
    }
    return SG_OK;
}

enum sg_status period_order(int64_t from_us, int64_t until_us, struct sg_error *why)
{
    return until_us == 0 || from_us < until_us
               ? SG_OK
               : sg_fail(why, SG_INVALID, "--from must be earlier than --until");
}

enum sg_status period_number(const char *option, const char *text, uint64_t *out,
                             struct sg_error *why)
{
    if (text == NULL || text_uint(slice_str(text), INT64_MAX, out) == SG_OK) {
        return SG_OK;
    }
    return sg_fail(why, SG_INVALID, "--%s '%s' is not a number", option, text);
}
