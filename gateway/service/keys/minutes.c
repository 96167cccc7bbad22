#include <stdio.h>
#include <string.h>

#include "gateway/service/keys/keys.h"
#include "proto/quorum/minutes.h"
#include "proto/text.h"

/* Minutes of ceremonies, which the core keeps. */

static const char for_three[] =
    "minutes are shown to the roles officer, reviewer and operator";
static const char bad_id[] = "id must be that of minutes: 1 to 64 bytes of a name";

/* --- Answers ----------------------------------------------------------------------- */

static char **names_of(struct asked *asked)
{
    return (char **)(uintptr_t)asked->order.missing;
}

static Segel__V1__LogPosition *place_of(struct asked *asked,
                                        const struct ledger_minutes *minutes)
{
    return approvals_position(asked, minutes->log_index, minutes->log_hash);
}

static ProtobufCMessage *answer_get(struct asked *asked)
{
    const struct ledger_minutes *minutes = asked->order.minutes;
    Segel__V1__GetMinutesResponse *out = (Segel__V1__GetMinutesResponse *)approvals_make(
        asked, &segel__v1__get_minutes_response__descriptor);

    if (out == NULL) {
        return NULL;
    }
    out->id = pb_text(minutes->id);
    out->note = pb_bytes(minutes->note);
    out->missing = names_of(asked);
    out->n_missing = asked->order.missing_count;
    out->log = place_of(asked, minutes);
    return out->log == NULL ? NULL : &out->base;
}

static ProtobufCMessage *answer_sign(struct asked *asked)
{
    Segel__V1__SignMinutesResponse *out =
        (Segel__V1__SignMinutesResponse *)approvals_make(
            asked, &segel__v1__sign_minutes_response__descriptor);

    if (out == NULL) {
        return NULL;
    }
    out->missing = names_of(asked);
    out->n_missing = asked->order.missing_count;
    out->log = place_of(asked, asked->order.minutes);
    return out->log == NULL ? NULL : &out->base;
}

static Segel__V1__MinutesHead *head_of(struct asked *asked,
                                       const struct ledger_minutes *minutes)
{
    Segel__V1__MinutesHead *out = (Segel__V1__MinutesHead *)approvals_make(
        asked, &segel__v1__minutes_head__descriptor);

    if (out == NULL) {
        return NULL;
    }
    out->id = pb_text(minutes->id);
    out->ceremony = pb_text(minutes->ceremony);
    out->since_us = minutes->since_us;
    out->missing = minutes->missing;
    out->text_sha256 = pb_bytes(slice_of(minutes->sha256, 32));
    out->log = place_of(asked, minutes);
    return out->log == NULL ? NULL : out;
}

static bool page_on(struct asked *asked, Segel__V1__ListMinutesResponse *out)
{
    const struct request_order *order = &asked->order;
    char *token = (char *)approvals_room(asked, 24);

    if (token == NULL) {
        return false;
    }
    if (order->minutes_count == order->query.limit) {
        (void)snprintf(
            token, 24, "%llu",
            (unsigned long long)order->minutes[order->minutes_count - 1].number);
        out->next_page_token = token;
    }
    return true;
}

static ProtobufCMessage *answer_list(struct asked *asked)
{
    size_t count = asked->order.minutes_count;
    Segel__V1__ListMinutesResponse *out =
        (Segel__V1__ListMinutesResponse *)approvals_make(
            asked, &segel__v1__list_minutes_response__descriptor);
    Segel__V1__MinutesHead **list = (Segel__V1__MinutesHead **)approvals_room(
        asked, (count + 1) * sizeof(Segel__V1__MinutesHead *));

    if (out == NULL || list == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        list[i] = head_of(asked, &asked->order.minutes[i]);
        if (list[i] == NULL) {
            return NULL;
        }
    }
    out->minutes = list;
    out->n_minutes = count;
    return page_on(asked, out) ? &out->base : NULL;
}

/* --- Calls ------------------------------------------------------------------------- */

static struct asked *open_call(struct grpc_call *call, void *services, const char *id,
                               enum order_kind kind)
{
    if (!text_name(slice_str(id))) {
        finish_plain(call, SG_INVALID, bad_id);
        return NULL;
    }
    struct asked *asked = approvals_open(call, (struct services *)services, kind);
    if (asked != NULL) {
        (void)snprintf(asked->order.id, sizeof(asked->order.id), "%s", id);
    }
    return asked;
}

void minutes_on_get_call(struct grpc_call *call, const ProtobufCMessage *message,
                         void *services)
{
    const Segel__V1__GetMinutesRequest *request =
        (const Segel__V1__GetMinutesRequest *)(const void *)message;

    if (!approvals_may(call, ROLE_OFFICER | ROLE_REVIEWER | ROLE_OPERATOR, for_three)) {
        return;
    }
    struct asked *asked = open_call(call, services, request->id, ORDER_MINUTES_GET);
    if (asked != NULL) {
        asked->answer = answer_get;
        approvals_submit(call, asked);
    }
}

void minutes_on_list_call(struct grpc_call *call, const ProtobufCMessage *message,
                          void *services)
{
    const Segel__V1__ListMinutesRequest *request =
        (const Segel__V1__ListMinutesRequest *)(const void *)message;
    uint64_t below = INT64_MAX;
    bool sound = request->page_size <= LEDGER_MINUTES_MAX &&
                 (request->page_token[0] == '\0' ||
                  text_uint(slice_str(request->page_token), INT64_MAX, &below) == SG_OK);

    if (!approvals_may(call, ROLE_OFFICER | ROLE_REVIEWER | ROLE_OPERATOR, for_three)) {
        return;
    }
    if (!sound) {
        finish_plain(call, SG_INVALID,
                     "page_size must be 1 to 64, and page_token from the last answer");
        return;
    }
    struct asked *asked =
        approvals_open(call, (struct services *)services, ORDER_MINUTES_LIST);
    if (asked != NULL) {
        asked->answer = answer_list;
        asked->order.query.below = below;
        asked->order.query.limit =
            request->page_size == 0 ? LEDGER_MINUTES_MAX : request->page_size;
        approvals_submit(call, asked);
    }
}

void minutes_on_sign_call(struct grpc_call *call, const ProtobufCMessage *message,
                          void *services)
{
    const Segel__V1__SignMinutesRequest *request =
        (const Segel__V1__SignMinutesRequest *)(const void *)message;

    if (!approvals_may(call, ROLE_OFFICER | ROLE_REVIEWER,
                       "minutes are signed by the roles officer and reviewer")) {
        return;
    }
    if (request->note.len < 1 || request->note.len > MINUTES_NOTE_MAX) {
        finish_plain(call, SG_INVALID, "note must have 1 to 65536 bytes");
        return;
    }
    struct asked *asked = open_call(call, services, request->id, ORDER_MINUTES_SIGN);
    if (asked == NULL) {
        return;
    }
    uint8_t *note = (uint8_t *)arena_alloc(&asked->order.arena, request->note.len);
    if (note == NULL) {
        approvals_release(asked);
        finish_plain(call, SG_NO_MEMORY, NULL);
        return;
    }
    memcpy(note, request->note.data, request->note.len);
    asked->answer = answer_sign;
    asked->order.note = slice_of(note, request->note.len);
    approvals_submit(call, asked);
}
