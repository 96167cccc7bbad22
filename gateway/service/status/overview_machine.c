#include <string.h>

#include "gateway/service/status/overview.h"

/* Log, policy, disk and clock. */

static Segel__V1__AnchorStatus *anchor_of(struct overview *overview,
                                          const struct anchor_report *from)
{
    Segel__V1__AnchorStatus *out = (Segel__V1__AnchorStatus *)approvals_make(
        overview->asked, &segel__v1__anchor_status__descriptor);

    if (out == NULL) {
        return NULL;
    }
    out->name = pb_text(from->name);
    out->state = pb_text(anchor_state_name(from->state));
    out->records = from->size;
    out->lag_us = from->lag_us;
    out->why = pb_text(from->why);
    return out;
}

static bool add_anchors(struct overview *overview, Segel__V1__LogStatus *out)
{
    const struct core_report *report = overview->report;

    out->anchors = (Segel__V1__AnchorStatus **)approvals_room(
        overview->asked, sizeof(void *) * (report->anchor_count + 1));
    for (size_t i = 0; out->anchors != NULL && i < report->anchor_count; i++) {
        out->anchors[i] = anchor_of(overview, &report->anchors[i]);
        if (out->anchors[i] == NULL) {
            return false;
        }
        out->n_anchors++;
    }
    return out->anchors != NULL;
}

bool overview_log(struct overview *overview)
{
    const struct core_report *report = overview->report;
    Segel__V1__LogStatus *out = (Segel__V1__LogStatus *)approvals_make(
        overview->asked, &segel__v1__log_status__descriptor);

    if (out == NULL) {
        return false;
    }
    out->origin = pb_text(overview->services->options.config->ledger_origin);
    out->records = report->log_size;
    out->checkpoint_records = report->checkpoint_size;
    out->checkpoint_us = report->checkpoint_us;
    out->checkpoint_interval_us = report->checkpoint_s * 1000000;
    out->readable = reading_sound(overview->services->reading);
    out->checked_us = reading_scrubbed(overview->services->reading).ended_us;
    out->anchored = report->anchored;
    out->anchor_age_us = report->anchor_age_us;
    overview->out->log = out;
    return add_anchors(overview, out);
}

/* The policy's texts go with its last share: they are copied. */
static const char *keep(struct overview *overview, const char *text)
{
    size_t len = strlen(text) + 1;
    char *out = (char *)approvals_room(overview->asked, len);

    return out == NULL ? NULL : (const char *)memcpy(out, text, len);
}

/* The day of 1970-01-01T00:00Z ends by so much earlier as the zone lies east. */
static int32_t zone_minutes(const struct policy *policy)
{
    enum { MINUTES_PER_DAY = 1440 };
    static const int64_t minute_us = 60000000;
    int64_t days = policy_day(policy, 0) + 1;

    return (int32_t)(days * MINUTES_PER_DAY - policy_day_end_us(policy, 0) / minute_us);
}

static bool fill_policy(struct overview *overview, const struct policy *policy,
                        Segel__V1__PolicyStatus *out)
{
    const struct policy_info *info = policy_info(policy);
    const char *id = keep(overview, info->id);
    const char *agreement = keep(overview, info->agreement_no);
    uint8_t *sha256 = (uint8_t *)approvals_room(overview->asked, sizeof(info->sha256));

    if (id == NULL || agreement == NULL || sha256 == NULL) {
        return false;
    }
    memcpy(sha256, info->sha256, sizeof(info->sha256));
    out->id = pb_text(id);
    out->version = info->version;
    out->sha256 = pb_bytes(slice_of(sha256, sizeof(info->sha256)));
    out->review_by_us = info->review_by_us;
    out->agreement_until_us = info->agreement_until_us;
    out->agreement_no = pb_text(agreement);
    out->production = info->production;
    out->zone_minutes = zone_minutes(policy);
    out->rules_pending = (uint32_t)policy_pending(policy);
    return true;
}

bool overview_policy(struct overview *overview)
{
    Segel__V1__PolicyStatus *out = (Segel__V1__PolicyStatus *)approvals_make(
        overview->asked, &segel__v1__policy_status__descriptor);

    if (out == NULL) {
        return false;
    }
    struct policy *policy = core_take_policy(overview->services->options.core);
    bool filled = fill_policy(overview, policy, out);
    policy_free(policy);
    overview->out->policy = out;
    return filled;
}

bool overview_machine(struct overview *overview)
{
    const struct core_report *report = overview->report;
    Segel__V1__DiskStatus *disk = (Segel__V1__DiskStatus *)approvals_make(
        overview->asked, &segel__v1__disk_status__descriptor);
    Segel__V1__ClockStatus *clock = (Segel__V1__ClockStatus *)approvals_make(
        overview->asked, &segel__v1__clock_status__descriptor);

    if (disk == NULL || clock == NULL) {
        return false;
    }
    disk->free_bytes = report->disk_free;
    disk->total_bytes = report->disk_total;
    disk->reserve_percent = report->disk_percent;
    disk->low = report->disk_low;
    disk->why = pb_text(report->disk_why);
    clock->known = report->clock.known;
    clock->synchronised = report->clock.synchronised;
    clock->offset_us = report->clock.offset_us;
    clock->stepped = report->clock.stepped;
    clock->doubted = report->clock.doubted;
    overview->out->disk = disk;
    overview->out->clock = clock;
    return true;
}
