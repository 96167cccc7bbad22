#include "gateway/service/approvals/incidents.h"

#include <stdio.h>

#include "gateway/clock.h"
#include "gateway/service/approvals/officers.h"
#include "proto/text.h"

/* IncidentService: what is asked is checked in its form and goes to the core. */
enum { TEXT_MAX = 256, REFERENCE_MAX = 128, PAGE_MAX = 16 };

static const char bad_id[] =
    "id must be that of an incident, and request_id one of yours: 1 to 64 bytes of "
    "letters, digits, '.', '_' and '-'";

/* --- Answers ----------------------------------------------------------------------- */

static Segel__V1__IncidentNote *note_of(struct asked *asked,
                                        const struct ledger_incident_note *from)
{
    Segel__V1__IncidentNote *out = (Segel__V1__IncidentNote *)approvals_make(
        asked, &segel__v1__incident_note__descriptor);

    if (out == NULL) {
        return NULL;
    }
    out->kind = (Segel__V1__IncidentNoteKind)from->what;
    out->person = pb_text(from->person);
    out->role = pb_text(from->role);
    out->time_us = from->time_us;
    out->given_us = from->given_us;
    out->reference = pb_text(from->reference);
    out->text = pb_text(from->text);
    return out;
}

static bool add_notes(struct asked *asked, const struct ledger_incident *incident,
                      Segel__V1__Incident *out)
{
    out->notes = (Segel__V1__IncidentNote **)approvals_room(
        asked, sizeof(void *) * (incident->note_count + 1));
    if (out->notes == NULL) {
        return false;
    }
    for (size_t i = 0; i < incident->note_count; i++) {
        out->notes[i] = note_of(asked, &incident->notes[i]);
        if (out->notes[i] == NULL) {
            return false;
        }
        out->n_notes++;
    }
    return true;
}

static Segel__V1__Incident *incident_of(struct asked *asked,
                                        const struct ledger_incident *from)
{
    Segel__V1__Incident *out =
        (Segel__V1__Incident *)approvals_make(asked, &segel__v1__incident__descriptor);

    if (out == NULL) {
        return NULL;
    }
    out->id = pb_text(from->id);
    out->kind = pb_text(from->kind);
    out->subject = pb_text(from->subject);
    out->why = pb_text(from->why);
    out->person = pb_text(from->person);
    out->opened_us = from->opened_us;
    out->oral_due_us = from->oral_due_us;
    out->written_due_us = from->written_due_us;
    out->oral_given_us = from->oral_given_us;
    out->written_given_us = from->written_given_us;
    out->closed_us = from->closed_us;
    out->log = approvals_position(asked, from->log_index, from->log_hash);
    return out->log != NULL && add_notes(asked, from, out) ? out : NULL;
}

Segel__V1__Incident **incidents_of(struct asked *asked)
{
    const struct incident_page *page = &asked->order.incidents;
    Segel__V1__Incident **out =
        (Segel__V1__Incident **)approvals_room(asked, sizeof(void *) * (page->count + 1));

    for (size_t i = 0; out != NULL && i < page->count; i++) {
        out[i] = incident_of(asked, &page->items[i]);
        if (out[i] == NULL) {
            return NULL;
        }
    }
    return out;
}

static ProtobufCMessage *list_answer(struct asked *asked)
{
    const struct incident_page *page = &asked->order.incidents;
    char *token = (char *)approvals_room(asked, 24);
    Segel__V1__ListIncidentsResponse *out =
        (Segel__V1__ListIncidentsResponse *)approvals_make(
            asked, &segel__v1__list_incidents_response__descriptor);

    if (out == NULL || token == NULL) {
        return NULL;
    }
    out->incidents = incidents_of(asked);
    out->n_incidents = out->incidents == NULL ? 0 : page->count;
    out->now_us = clock_wall_us();
    token[0] = '\0';
    if (page->next != 0) {
        (void)snprintf(token, 24, "%llu", (unsigned long long)page->next);
    }
    out->next_page_token = token;
    return out->incidents == NULL ? NULL : &out->base;
}

static ProtobufCMessage *note_answer(struct asked *asked)
{
    Segel__V1__NoteIncidentResponse *out =
        (Segel__V1__NoteIncidentResponse *)approvals_make(
            asked, &segel__v1__note_incident_response__descriptor);

    if (out == NULL) {
        return NULL;
    }
    out->incident = incident_of(asked, asked->order.incidents.items);
    return out->incident == NULL ? NULL : &out->base;
}

static ProtobufCMessage *close_answer(struct asked *asked)
{
    Segel__V1__CloseIncidentResponse *out =
        (Segel__V1__CloseIncidentResponse *)approvals_make(
            asked, &segel__v1__close_incident_response__descriptor);

    if (out == NULL) {
        return NULL;
    }
    out->incident = incident_of(asked, asked->order.incidents.items);
    return out->incident == NULL ? NULL : &out->base;
}

/* --- Calls ------------------------------------------------------------------------- */

static bool read_page(const Segel__V1__ListIncidentsRequest *request,
                      struct incident_query *out)
{
    uint64_t below = INT64_MAX;
    bool sound = request->page_size <= PAGE_MAX;

    if (request->page_token[0] != '\0') {
        sound = text_uint(slice_str(request->page_token), INT64_MAX, &below) == SG_OK &&
                below > 0 && sound;
    }
    *out = (struct incident_query){
        .below = below, .limit = request->page_size, .closed = request->all != 0};
    out->limit = out->limit == 0 ? PAGE_MAX : out->limit;
    return sound && (request->id[0] == '\0' || text_name(slice_str(request->id)));
}

void incidents_on_list_call(struct grpc_call *call, const ProtobufCMessage *message,
                            void *services)
{
    const Segel__V1__ListIncidentsRequest *request =
        (const Segel__V1__ListIncidentsRequest *)(const void *)message;
    struct incident_query query;

    if (!approvals_may(call, ROLE_OFFICER | ROLE_REVIEWER,
                       "incidents are shown to the roles officer and reviewer")) {
        return;
    }
    if (!read_page(request, &query)) {
        finish_plain(call, SG_INVALID,
                     "the id of an incident, or 1 to 16 for page_size and the page_token "
                     "of the last answer");
        return;
    }
    struct asked *asked =
        approvals_open(call, (struct services *)services, ORDER_INCIDENT_LIST);
    if (asked != NULL) {
        struct incident_ask *ask = &asked->order.incident;
        asked->answer = list_answer;
        ask->query = query;
        (void)snprintf(ask->id, sizeof(ask->id), "%s", request->id);
        approvals_submit(call, asked);
    }
}

/* What both methods say of an incident. */
struct statement {
    const char *request_id;
    const char *id;
    const char *reference;
    const char *text;
};

static bool may_state(struct grpc_call *call, const struct statement *statement)
{
    if (!approvals_may(call, ROLE_OFFICER,
                       "what is stated of an incident needs the role officer")) {
        return false;
    }
    if (!text_name(slice_str(statement->request_id)) ||
        !text_name(slice_str(statement->id))) {
        finish_plain(call, SG_INVALID, bad_id);
        return false;
    }
    return true;
}

static void state_it(struct grpc_call *call, struct asked *asked,
                     const struct statement *statement)
{
    struct incident_ask *ask = &asked->order.incident;
    struct order *order = &asked->order.order;

    (void)snprintf(order->request_id, sizeof(order->request_id), "%s",
                   statement->request_id);
    (void)snprintf(ask->id, sizeof(ask->id), "%s", statement->id);
    (void)snprintf(ask->reference, sizeof(ask->reference), "%s", statement->reference);
    (void)snprintf(ask->text, sizeof(ask->text), "%s", statement->text);
    approvals_submit(call, asked);
}

/* Absent, or plain and not too long. */
static bool maybe_fits(struct grpc_call *call, const char *text, size_t max,
                       const char *refusal)
{
    return text[0] == '\0' || approvals_fits(call, text, max, refusal);
}

static const char bad_text[] =
    "text must have at most 256 bytes of plain text; that of a "
    "remark at least one";
static const char bad_reference[] =
    "reference must have 1 to 128 bytes of plain text: the number of the letter, or who "
    "was told";

static bool remark_fits(struct grpc_call *call,
                        const Segel__V1__NoteIncidentRequest *request)
{
    if (request->reference[0] != '\0' || request->given_us != 0) {
        finish_plain(call, SG_INVALID, "a remark has neither reference nor given_us");
        return false;
    }
    return approvals_fits(call, request->text, TEXT_MAX, bad_text);
}

static bool note_fits(struct grpc_call *call,
                      const Segel__V1__NoteIncidentRequest *request)
{
    switch ((unsigned)request->kind) {
    case INCIDENT_REMARK:
        return remark_fits(call, request);
    case INCIDENT_ORAL:
    case INCIDENT_WRITTEN:
        if (request->given_us < 0) {
            finish_plain(call, SG_INVALID, "given_us is a time since 1970, or 0: now");
            return false;
        }
        return approvals_fits(call, request->reference, REFERENCE_MAX, bad_reference) &&
               maybe_fits(call, request->text, TEXT_MAX, bad_text);
    default:
        finish_plain(call, SG_INVALID,
                     "kind must be REMARK, ORAL_NOTICE or WRITTEN_NOTICE");
        return false;
    }
}

void incidents_on_note_call(struct grpc_call *call, const ProtobufCMessage *message,
                            void *services)
{
    const Segel__V1__NoteIncidentRequest *request =
        (const Segel__V1__NoteIncidentRequest *)(const void *)message;
    const struct statement statement = {request->request_id, request->id,
                                        request->reference, request->text};

    if (!may_state(call, &statement) || !note_fits(call, request) ||
        !approvals_impersonal(call, "reference", request->reference) ||
        !approvals_impersonal(call, "text", request->text)) {
        return;
    }
    struct asked *asked =
        approvals_open(call, (struct services *)services, ORDER_INCIDENT_NOTE);
    if (asked != NULL) {
        asked->answer = note_answer;
        asked->order.incident.note = (enum incident_note_kind)request->kind;
        asked->order.incident.given_us = request->given_us;
        state_it(call, asked, &statement);
    }
}

void incidents_on_close_call(struct grpc_call *call, const ProtobufCMessage *message,
                             void *services)
{
    const Segel__V1__CloseIncidentRequest *request =
        (const Segel__V1__CloseIncidentRequest *)(const void *)message;
    const struct statement statement = {request->request_id, request->id,
                                        request->no_notice_because, request->reason};
    static const char bad_because[] =
        "no_notice_because must have at most 256 bytes of plain text";

    if (!may_state(call, &statement) || !approvals_reasoned(call, request->reason) ||
        !maybe_fits(call, request->no_notice_because, TEXT_MAX, bad_because) ||
        !approvals_impersonal(call, "reason", request->reason) ||
        !approvals_impersonal(call, "no_notice_because", request->no_notice_because)) {
        return;
    }
    struct asked *asked =
        approvals_open(call, (struct services *)services, ORDER_INCIDENT_CLOSE);
    if (asked != NULL) {
        asked->answer = close_answer;
        state_it(call, asked, &statement);
    }
}
