#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/call/key_words.h"
#include "client/commands/incident/view.h"
#include "client/commands/status/page.h"
#include "proto/json.h"
#include "proto/text.h"

/* `segel status --json`: members are added, never renamed or taken away. Times are RFC
 * 3339; one that is not known is left out. */
enum { JSON_BYTES = 2 << 20 };

static void json_gateway(struct json_out *out, const Segel__V1__GetStatusResponse *got)
{
    const Segel__V1__GatewayStatus *gateway = got->gateway;

    json_open_object(out, "gateway");
    json_str(out, "version", gateway->version);
    json_str(out, "node", gateway->node);
    json_known_time(out, "started", gateway->started_us);
    json_int(out, "uptime_s", (got->now_us - gateway->started_us) / 1000000);
    json_bool(out, "signing", gateway->signing != 0);
    json_str(out, "denied_by", gateway->denied_by);
    json_str(out, "denied_why", gateway->denied_why);
    json_str(out, "reload_refused", gateway->reload_refused);
    json_str(out, "need_restart", gateway->need_restart);
    json_bool(out, "draining", gateway->draining != 0);
    json_bool(out, "out_of_rotation",
              gateway->rotation != NULL && gateway->rotation->out != 0);
    json_uint(out, "jobs", gateway->jobs);
    json_end(out);
}

static void json_lock_down(struct json_out *out, const Segel__V1__GetStatusResponse *got)
{
    const Segel__V1__LockDownState *state = got->lock_down;

    json_open_object(out, "lock_down");
    json_bool(out, "active", state->active != 0);
    if (state->active) {
        json_str(out, "id", state->id);
        json_str(out, "person", state->person);
        json_str(out, "reason", state->reason);
        json_known_time(out, "since", state->since_us);
    }
    json_end(out);
}

/* --- Lists ------------------------------------------------------------------------- */

static void json_incidents(struct json_out *out, const Segel__V1__GetStatusResponse *got)
{
    json_uint(out, "incidents_open", got->incidents_open);
    json_uint(out, "notices_overdue", got->notices_overdue);
    json_open_array(out, "incidents");
    for (size_t i = 0; i < got->n_incidents; i++) {
        const Segel__V1__Incident *incident = got->incidents[i];
        json_open_object(out, NULL);
        incident_put_json(out, incident);
        json_end(out);
    }
    json_end(out);
}

static void json_tokens(struct json_out *out, const Segel__V1__GetStatusResponse *got)
{
    json_open_array(out, "lanes");
    for (size_t i = 0; i < got->n_tokens; i++) {
        const Segel__V1__TokenFacts *token = got->tokens[i];
        json_open_object(out, NULL);
        json_str(out, "lane", token->lane);
        json_str(out, "state", token->lane_state);
        json_str(out, "why", token->why);
        json_str(out, "token", token->label);
        json_uint(out, "pin_failures", token->pin_failures);
        json_bool(out, "pin_count_low", token->pin_count_low != 0);
        json_bool(out, "pin_final_try", token->pin_final_try != 0);
        json_bool(out, "pin_locked", token->pin_locked != 0);
        json_end(out);
    }
    json_end(out);
}

static void json_keys(struct json_out *out, const Segel__V1__GetStatusResponse *got)
{
    json_open_array(out, "keys");
    for (size_t i = 0; i < got->n_keys; i++) {
        const Segel__V1__KeyStatus *key = got->keys[i];
        json_open_object(out, NULL);
        json_str(out, "key", key->key);
        json_str(out, "state", key_state_name(key->state));
        json_bool(out, "usable", key->usable != 0);
        json_uint(out, "lanes", key->lanes);
        json_uint(out, "lanes_up", key->lanes_up);
        json_known_time(out, "certificate_until", key->certificate_until_us);
        json_str(out, "certificate_status", key->certificate_status);
        json_uint(out, "used_today", key->used_today);
        json_uint(out, "used", key->used);
        json_known_time(out, "activation_until", key->activation_until_us);
        json_uint(out, "activation_left", key->activation_left);
        json_uint(out, "failures_in_row", key->failures_in_row);
        json_str(out, "failed_why", key->failed_why);
        json_end(out);
    }
    json_end(out);
}

static void json_requests(struct json_out *out, const Segel__V1__GetStatusResponse *got)
{
    json_uint(out, "requests_pending", got->requests_pending);
    json_open_array(out, "requests");
    for (size_t i = 0; i < got->n_requests; i++) {
        const Segel__V1__Approval *request = got->requests[i];
        json_open_object(out, NULL);
        json_str(out, "id", request->id);
        json_str(out, "task", request->task);
        json_str(out, "object", request->object);
        json_str(out, "requester", request->requester);
        json_known_time(out, "not_after", request->not_after_us);
        json_uint(out, "approvals", request->approvals_given);
        json_uint(out, "required", request->approvals_required);
        json_end(out);
    }
    json_end(out);
}

static void json_reminders(struct json_out *out, const Segel__V1__GetStatusResponse *got)
{
    json_uint(out, "reminders_more", got->reminders_more);
    json_open_array(out, "reminders");
    for (size_t i = 0; i < got->n_reminders; i++) {
        const Segel__V1__Reminder *reminder = got->reminders[i];
        json_open_object(out, NULL);
        json_str(out, "what", reminder->what);
        json_str(out, "name", reminder->name);
        json_known_time(out, "until", reminder->until_us);
        json_uint(out, "days", reminder->days);
        json_bool(out, "urgent", reminder->urgent != 0);
        json_end(out);
    }
    json_end(out);
}

/* --- Log and machine --------------------------------------------------------------- */

static void json_anchors(struct json_out *out, const Segel__V1__LogStatus *log)
{
    json_open_array(out, "anchors");
    for (size_t i = 0; i < log->n_anchors; i++) {
        const Segel__V1__AnchorStatus *anchor = log->anchors[i];
        json_open_object(out, NULL);
        json_str(out, "name", anchor->name);
        json_str(out, "state", anchor->state);
        json_str(out, "why", anchor->why);
        json_uint(out, "records", anchor->records);
        json_int(out, "lag_s", anchor->lag_us / 1000000);
        json_end(out);
    }
    json_end(out);
}

static void json_log(struct json_out *out, const Segel__V1__GetStatusResponse *got)
{
    const Segel__V1__LogStatus *log = got->log;

    json_open_object(out, "log");
    json_str(out, "origin", log->origin);
    json_uint(out, "records", log->records);
    json_uint(out, "checkpoint_records", log->checkpoint_records);
    json_known_time(out, "checkpoint", log->checkpoint_us);
    json_int(out, "checkpoint_interval_s", log->checkpoint_interval_us / 1000000);
    json_bool(out, "readable", log->readable != 0);
    json_known_time(out, "checked", log->checked_us);
    json_bool(out, "anchored", log->anchored != 0);
    json_int(out, "anchor_age_s", log->anchor_age_us / 1000000);
    json_anchors(out, log);
    json_end(out);
}

static void json_policy(struct json_out *out, const Segel__V1__GetStatusResponse *got)
{
    const Segel__V1__PolicyStatus *policy = got->policy;
    char hash[65] = "";

    if (policy->sha256.len == 32) {
        text_hex(slice_of(policy->sha256.data, policy->sha256.len), hash);
    }
    json_open_object(out, "policy");
    json_str(out, "id", policy->id);
    json_int(out, "version", policy->version);
    json_str(out, "sha256", hash);
    json_known_time(out, "review_by", policy->review_by_us);
    json_known_time(out, "agreement_until", policy->agreement_until_us);
    json_str(out, "agreement_no", policy->agreement_no);
    json_bool(out, "production", policy->production != 0);
    json_int(out, "zone_minutes", policy->zone_minutes);
    json_uint(out, "rules_pending", policy->rules_pending);
    json_end(out);
}

static void json_machine(struct json_out *out, const Segel__V1__GetStatusResponse *got)
{
    const Segel__V1__DiskStatus *disk = got->disk;
    const Segel__V1__ClockStatus *clock = got->clock;

    json_open_object(out, "disk");
    json_uint(out, "free_bytes", disk->free_bytes);
    json_uint(out, "total_bytes", disk->total_bytes);
    json_uint(out, "reserve_percent", disk->reserve_percent);
    json_bool(out, "low", disk->low != 0);
    json_str(out, "why", disk->why);
    json_end(out);
    json_open_object(out, "clock");
    json_bool(out, "known", clock->known != 0);
    json_bool(out, "synchronised", clock->synchronised != 0);
    json_int(out, "offset_us", clock->offset_us);
    json_bool(out, "stepped", clock->stepped != 0);
    json_bool(out, "doubted", clock->doubted != 0);
    json_end(out);
}

static void json_needs(struct json_out *out, const struct needs *needs)
{
    json_bool(out, "well", needs->count == 0);
    json_open_array(out, "needs");
    for (size_t i = 0; i < needs->count; i++) {
        json_str(out, NULL, needs->text[i]);
    }
    json_end(out);
}

enum sg_status status_print_json(const struct status_view *view,
                                 const struct needs *needs)
{
    static void (*const parts[])(struct json_out *,
                                 const Segel__V1__GetStatusResponse *) = {
        json_gateway,  json_lock_down, json_incidents, json_tokens, json_keys,
        json_requests, json_reminders, json_log,       json_policy, json_machine};
    struct json_out out;
    struct slice text;
    char *buffer = (char *)malloc(JSON_BYTES);

    if (buffer == NULL) {
        return SG_NO_MEMORY;
    }
    json_start(&out, buffer, JSON_BYTES);
    json_open_object(&out, NULL);
    json_known_time(&out, "now", view->got->now_us);
    json_needs(&out, needs);
    for (size_t i = 0; i < SG_COUNT(parts); i++) {
        parts[i](&out, view->got);
    }
    json_end(&out);
    enum sg_status status = json_finish(&out, &text);
    if (status == SG_OK) {
        (void)printf("%.*s\n", (int)text.len, (const char *)text.data);
    }
    free(buffer);
    return status;
}
