#include "gateway/service/status/overview.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/service/approvals/incidents.h"
#include "gateway/service/keys/keys.h"

/* StatusService: what the core says of itself and what waits for who asks, on one page.
 */
enum { REMINDERS_MAX = 64 };

/* --- Parts ------------------------------------------------------------------------- */

/* What it points into is in the answer's arena. */
static Segel__V1__Rotation *rotation_of(struct overview *overview)
{
    Segel__V1__Rotation *out = (Segel__V1__Rotation *)approvals_make(
        overview->asked, &segel__v1__rotation__descriptor);
    struct rotation_view *view =
        (struct rotation_view *)approvals_room(overview->asked, sizeof(*view));

    if (out == NULL || view == NULL) {
        return NULL;
    }
    rotation_look(&overview->services->rotation, view);
    out->out = view->out;
    out->reason = view->reason;
    out->by = view->by;
    out->since_us = view->since_us;
    return out;
}

static bool add_reload(struct overview *overview, Segel__V1__GatewayStatus *out)
{
    struct reload_told_view *view =
        (struct reload_told_view *)approvals_room(overview->asked, sizeof(*view));

    if (view == NULL) {
        return false;
    }
    reload_told_look(&overview->services->reloaded, view);
    out->reload_refused = view->why;
    out->need_restart = view->need_restart;
    return true;
}

static bool add_gateway(struct overview *overview)
{
    const struct core_report *report = overview->report;
    Segel__V1__GatewayStatus *out = (Segel__V1__GatewayStatus *)approvals_make(
        overview->asked, &segel__v1__gateway_status__descriptor);

    if (out == NULL) {
        return false;
    }
    out->version = pb_text(SEGEL_VERSION);
    out->node = pb_text(overview->services->options.config->node);
    out->started_us = report->started_us;
    out->draining = atomic_load(&overview->services->draining);
    out->signing = report->signing && !out->draining;
    out->denied_by = pb_text(report->ban.rule);
    out->denied_why = pb_text(report->ban.why);
    out->jobs = core_load(overview->services->options.core);
    out->rotation = rotation_of(overview);
    overview->out->gateway = out;
    return out->rotation != NULL && add_reload(overview, out);
}

static bool add_incidents(struct overview *overview)
{
    const struct agenda *agenda = overview->agenda;
    Segel__V1__GetStatusResponse *out = overview->out;

    out->incidents = incidents_of(overview->asked);
    out->n_incidents =
        out->incidents == NULL ? 0 : overview->asked->order.incidents.count;
    out->incidents_open =
        agenda->open_all > out->n_incidents ? agenda->open_all : out->n_incidents;
    out->notices_overdue = (uint32_t)(agenda->overdue_oral + agenda->overdue_written);
    out->lock_down = approvals_lock_down(overview->asked);
    return out->incidents != NULL && out->lock_down != NULL;
}

static bool add_tokens(struct overview *overview)
{
    const struct core_report *report = overview->report;
    Segel__V1__GetStatusResponse *out = overview->out;

    out->tokens = (Segel__V1__TokenFacts **)approvals_room(
        overview->asked, sizeof(void *) * (report->lane_count + 1));
    for (size_t i = 0; out->tokens != NULL && i < report->lane_count; i++) {
        out->tokens[i] = (Segel__V1__TokenFacts *)approvals_room(overview->asked,
                                                                 sizeof(*out->tokens[i]));
        if (out->tokens[i] == NULL) {
            return false;
        }
        tokens_describe(&report->lanes[i], out->tokens[i]);
        out->n_tokens++;
    }
    return out->tokens != NULL;
}

static Segel__V1__KeyStatus *key_of(struct overview *overview,
                                    const struct key_report *from)
{
    const struct keyring *ring = core_keys(overview->services->options.core);
    const struct key *key = keyring_find(ring, slice_str(from->name));
    Segel__V1__KeyStatus *out = (Segel__V1__KeyStatus *)approvals_make(
        overview->asked, &segel__v1__key_status__descriptor);
    struct status_view view = {.source = STATUS_OFF};

    if (out == NULL) {
        return NULL;
    }
    if (key != NULL) {
        (void)status_look(&key->holder->status, &view);
        out->certificate_until_us = key_ready(key) ? cert_not_after_us(key->cert) : 0;
        if (from->known && !overview_key(overview, key, out)) {
            return NULL;
        }
    }
    out->key = pb_text(from->name);
    out->state = (Segel__V1__KeyState)from->life.state;
    out->activation_until_us = from->life.activation.until_us;
    out->activation_left = from->life.activation.max > 0 ? from->left : 0;
    out->known = from->known;
    out->usable = from->usable;
    out->lanes = from->lanes;
    out->lanes_up = from->lanes_up;
    out->used_today = from->used_today;
    out->used = from->used;
    out->why = pb_text(from->why);
    out->failures_in_row = from->failures;
    out->failed_why = pb_text(from->failures < KEY_FAILURES_MANY ? "" : from->failed_why);
    out->certificate_status = pb_text(status_state_name(&view));
    return out;
}

static bool add_keys(struct overview *overview)
{
    const struct core_report *report = overview->report;
    Segel__V1__GetStatusResponse *out = overview->out;

    out->keys = (Segel__V1__KeyStatus **)approvals_room(
        overview->asked, sizeof(void *) * (report->key_count + 1));
    for (size_t i = 0; out->keys != NULL && i < report->key_count; i++) {
        out->keys[i] = key_of(overview, &report->keys[i]);
        if (out->keys[i] == NULL) {
            return false;
        }
        out->n_keys++;
    }
    return out->keys != NULL;
}

static bool add_requests(struct overview *overview)
{
    const struct request_page *page = &overview->asked->order.page;
    Segel__V1__GetStatusResponse *out = overview->out;

    out->requests_pending = (uint32_t)overview->asked->order.pending;
    out->requests = (Segel__V1__Approval **)approvals_room(
        overview->asked, sizeof(void *) * (page->count + 1));
    for (size_t i = 0; out->requests != NULL && i < page->count; i++) {
        out->requests[i] = approvals_of(overview->asked, &page->items[i]);
        if (out->requests[i] == NULL) {
            return false;
        }
        out->n_requests++;
    }
    return out->requests != NULL;
}

/* --- Reminders --------------------------------------------------------------------- */

static int by_end(const void *one, const void *other)
{
    const struct agenda_item *a = *(const struct agenda_item *const *)one;
    const struct agenda_item *b = *(const struct agenda_item *const *)other;

    return a->until_us < b->until_us ? -1 : a->until_us > b->until_us ? 1 : 0;
}

static size_t passed(const struct agenda *agenda, const struct agenda_item **out)
{
    size_t count = 0;

    for (size_t i = 0; i < agenda->count; i++) {
        if (agenda->items[i].passed != EXPIRY_FAR) {
            out[count++] = &agenda->items[i];
        }
    }
    qsort((void *)out, count, sizeof(struct agenda_item *), by_end);
    return count;
}

static Segel__V1__Reminder *reminder_of(struct overview *overview,
                                        const struct agenda_item *from)
{
    Segel__V1__Reminder *out = (Segel__V1__Reminder *)approvals_make(
        overview->asked, &segel__v1__reminder__descriptor);

    if (out == NULL) {
        return NULL;
    }
    out->what = pb_text(expiry_name(from->kind));
    out->name = pb_text(from->name);
    out->until_us = from->until_us;
    out->days = (uint32_t)from->passed;
    out->urgent = from->urgent;
    return out;
}

static bool add_reminders(struct overview *overview)
{
    Segel__V1__GetStatusResponse *out = overview->out;
    const struct agenda_item **items = (const struct agenda_item **)approvals_room(
        overview->asked, sizeof(void *) * AGENDA_ITEMS_MAX);

    out->reminders = (Segel__V1__Reminder **)approvals_room(
        overview->asked, sizeof(void *) * REMINDERS_MAX);
    if (items == NULL || out->reminders == NULL) {
        return false;
    }
    size_t count = passed(overview->agenda, items);
    for (size_t i = 0; i < count && i < REMINDERS_MAX; i++) {
        out->reminders[i] = reminder_of(overview, items[i]);
        if (out->reminders[i] == NULL) {
            return false;
        }
        out->n_reminders++;
    }
    out->reminders_more = (uint32_t)(count - out->n_reminders + overview->agenda->lost);
    return true;
}

/* --- The whole --------------------------------------------------------------------- */

static bool fill(struct overview *overview)
{
    static bool (*const parts[])(struct overview *) = {
        add_gateway,   add_incidents, add_tokens,      add_keys,        add_requests,
        add_reminders, overview_log,  overview_policy, overview_machine};

    for (size_t i = 0; i < SG_COUNT(parts); i++) {
        if (!parts[i](overview)) {
            return false;
        }
    }
    return true;
}

bool overview_make(struct asked *asked, struct overview *out)
{
    struct services *services = asked->services;

    *out = (struct overview){
        .asked = asked,
        .services = services,
        .agenda = (struct agenda *)approvals_room(asked, sizeof(struct agenda)),
        .report = (struct core_report *)approvals_room(asked, sizeof(struct core_report)),
        .out = (Segel__V1__GetStatusResponse *)approvals_make(
            asked, &segel__v1__get_status_response__descriptor)};

    if (out->agenda == NULL || out->report == NULL || out->out == NULL) {
        return false;
    }
    core_agenda(services->options.core, out->agenda);
    core_report(services->options.core, out->report);
    out->out->now_us = clock_wall_us();
    return fill(out);
}

static ProtobufCMessage *answer(struct asked *asked)
{
    struct overview overview;

    return overview_make(asked, &overview) ? &overview.out->base : NULL;
}

void overview_on_get(struct grpc_call *call, const ProtobufCMessage *message,
                     void *services)
{
    (void)message;
    if (!approvals_may(call, ROLE_OFFICER | ROLE_REVIEWER | ROLE_OPERATOR,
                       "the status of the gateway is shown to the roles officer, "
                       "reviewer and operator")) {
        return;
    }
    struct asked *asked = approvals_open(call, (struct services *)services, ORDER_STATUS);
    if (asked != NULL) {
        asked->answer = answer;
        approvals_submit(call, asked);
    }
}
