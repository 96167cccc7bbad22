#include "client/commands/policy/info_view.h"

const char *info_view_moment(int64_t unix_us, char out[TEXT_TIME_SIZE])
{
    out[0] = '\0';
    if (unix_us > 0) {
        text_time_s(unix_us, out);
    }
    return out;
}

static void put_time(json_t *value, const char *name, int64_t unix_us)
{
    char text[TEXT_TIME_SIZE];

    if (unix_us > 0) {
        text_time(unix_us, text);
        (void)json_object_set_new(value, name, json_string(text));
    }
}

static void put_text(json_t *value, const char *name, const char *text)
{
    if (text[0] != '\0') {
        (void)json_object_set_new(value, name, json_string(text));
    }
}

json_t *info_view_json(const Segel__V1__PolicyInfo *info, const char *sha256)
{
    json_t *value =
        json_pack("{s:I, s:s}", "version", (json_int_t)info->version, "sha256", sha256);

    put_text(value, "id", info->id);
    put_time(value, "in_force_from", info->in_force_from_us);
    put_time(value, "in_force_until", info->in_force_until_us);
    put_text(value, "source", info->source);
    put_text(value, "requester", info->requester);
    put_text(value, "approvers", info->approvers);
    put_text(value, "approval", info->approval);
    put_time(value, "effective", info->effective_us);
    put_time(value, "review_by", info->review_by_us);
    put_text(value, "agreement_no", info->agreement_no);
    put_time(value, "agreement_from", info->agreement_from_us);
    put_time(value, "agreement_until", info->agreement_until_us);
    return value;
}
