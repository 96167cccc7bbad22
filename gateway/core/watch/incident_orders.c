#include <stdio.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/core/core_inside.h"
#include "gateway/core/log/members.h"
#include "gateway/core/officers/requests.h"
#include "proto/text.h"

/* What officers state about incidents. Inside of the turn's transaction. */

static const int64_t month_us = INT64_C(31) * 86400 * 1000000;

static enum sg_status find(struct core *core, struct request_order *order,
                           struct ledger_incident *out)
{
    struct sg_error why = {0};
    enum sg_status found =
        ledger_find_incident(core->ledger, order->incident.id, &order->arena, out);

    if (found == SG_NOT_FOUND) {
        return request_refuse(
            order,
            sg_fail(&why, SG_NOT_FOUND, "there is no incident '%s'", order->incident.id),
            &why);
    }
    order->incidents.count = found == SG_OK ? 1 : 0;
    return found;
}

/* Room for the one that is asked for; NULL: the arena is full. */
static struct ledger_incident *make_room(struct request_order *order)
{
    order->incidents.items = (struct ledger_incident *)arena_alloc(
        &order->arena, sizeof(*order->incidents.items));
    order->incidents.count = 0;
    return order->incidents.items;
}

enum sg_status incidents_on_list(struct core *core, struct request_order *order)
{
    if (order->incident.id[0] == '\0') {
        return ledger_list_incidents(core->ledger, &order->incident.query, &order->arena,
                                     &order->incidents);
    }
    return make_room(order) == NULL ? SG_NO_MEMORY
                                    : find(core, order, order->incidents.items);
}

/* --- The same call again ----------------------------------------------------------- */

static const struct ledger_incident_note *note_of(const struct ledger_incident *incident,
                                                  const struct request_order *order)
{
    for (size_t i = 0; i < incident->note_count; i++) {
        const struct ledger_incident_note *note = &incident->notes[i];
        if (strcmp(note->person, order->order.officer) == 0 &&
            strcmp(note->request_id, order->order.request_id) == 0) {
            return note;
        }
    }
    return NULL;
}

/* A notice that was given "now" was so when it was stated first. */
static bool same_content(const struct ledger_incident *incident,
                         const struct request_order *order)
{
    const struct incident_ask *ask = &order->incident;
    const struct ledger_incident_note *note = note_of(incident, order);

    return note != NULL && strcmp(incident->id, ask->id) == 0 &&
           note->what == ask->note && strcmp(note->reference, ask->reference) == 0 &&
           strcmp(note->text, ask->text) == 0 &&
           (ask->given_us == 0 || note->given_us == ask->given_us);
}

/* *known: it was stated before with this id, and is answered. */
static enum sg_status find_known(struct core *core, struct request_order *order,
                                 bool *known)
{
    struct ledger_incident *incident = make_room(order);
    struct sg_error why = {0};

    if (incident == NULL) {
        return SG_NO_MEMORY;
    }
    enum sg_status found =
        ledger_find_incident_of_note(core->ledger, order->order.officer,
                                     order->order.request_id, &order->arena, incident);
    *known = found == SG_OK;
    if (found != SG_OK) {
        return found == SG_NOT_FOUND ? SG_OK : found;
    }
    if (same_content(incident, order)) {
        order->incidents.count = 1;
        return SG_OK;
    }
    return request_refuse(order,
                          sg_fail(&why, SG_CONFLICT,
                                  "request_id '%s' was used for other content; use a new "
                                  "id",
                                  order->order.request_id),
                          &why);
}

/* --- Whether it may be stated ------------------------------------------------------ */

static int64_t *given_of(struct ledger_incident *incident, enum incident_note_kind note)
{
    switch (note) {
    case INCIDENT_ORAL:
        return &incident->oral_given_us;
    case INCIDENT_WRITTEN:
        return &incident->written_given_us;
    case INCIDENT_CLOSE:
        return &incident->closed_us;
    case INCIDENT_REMARK:
        break;
    }
    return NULL;
}

static enum sg_status check_time(const struct request_order *order,
                                 const struct ledger_incident *incident,
                                 struct sg_error *why)
{
    int64_t given_us = order->incident.given_us;

    if (given_us == 0 ||
        (given_us <= clock_wall_us() && given_us >= incident->opened_us - month_us)) {
        return SG_OK;
    }
    return sg_fail(why, SG_INVALID,
                   "a notice of incident '%s' was given between a month before it was "
                   "seen and now",
                   incident->id);
}

static bool is_missing(int64_t due_us, int64_t given_us)
{
    return due_us > 0 && given_us == 0;
}

static enum sg_status check_close(const struct request_order *order,
                                  const struct ledger_incident *incident,
                                  struct sg_error *why)
{
    bool oral = is_missing(incident->oral_due_us, incident->oral_given_us);
    bool written = is_missing(incident->written_due_us, incident->written_given_us);

    if ((!oral && !written) || order->incident.reference[0] != '\0') {
        return SG_OK;
    }
    return sg_fail(
        why, SG_PRECONDITION,
        "nobody stated that the %s of incident '%s' was given: note it, or say "
        "why none was due",
        oral && written ? "oral and the written notice"
        : oral          ? "oral notice"
                        : "written notice",
        incident->id);
}

/* Each notice and the end keep a place: what was given in time can be stated. */
static bool has_place(const struct ledger_incident *incident,
                      enum incident_note_kind note)
{
    size_t kept = 1;

    if (note == INCIDENT_REMARK) {
        kept += incident->oral_given_us == 0;
        kept += incident->written_given_us == 0;
    }
    return incident->note_count + kept < INCIDENT_NOTES_MAX;
}

static enum sg_status check(const struct request_order *order,
                            struct ledger_incident *incident, struct sg_error *why)
{
    enum incident_note_kind note = order->incident.note;
    const int64_t *given = given_of(incident, note);

    if (incident->closed_us != 0) {
        return sg_fail(why, SG_PRECONDITION, "incident '%s' is closed", incident->id);
    }
    if (note == INCIDENT_CLOSE) {
        return check_close(order, incident, why);
    }
    if (given != NULL && *given != 0) {
        return sg_fail(why, SG_PRECONDITION,
                       "that notice of incident '%s' was stated already; add what is new "
                       "as a remark",
                       incident->id);
    }
    if (!has_place(incident, note)) {
        return sg_fail(why, SG_PRECONDITION,
                       "incident '%s' has %zu notes already, and the last places are for "
                       "its notices and its end",
                       incident->id, incident->note_count);
    }
    return check_time(order, incident, why);
}

/* --- Stating it -------------------------------------------------------------------- */

static const char *notice_name(enum incident_note_kind note)
{
    return note == INCIDENT_ORAL ? "oral" : note == INCIDENT_WRITTEN ? "written" : "";
}

static void print_time(int64_t us, char out[TEXT_TIME_SIZE])
{
    out[0] = '\0';
    if (us > 0) {
        text_time(us, out);
    }
}

static enum sg_status write_record(struct core *core, const struct request_order *order,
                                   const struct ledger_incident_note *note,
                                   struct ledger_incident *incident)
{
    bool close = note->what == INCIDENT_CLOSE;
    struct members members = {.count = 0};
    struct log_place place;
    char times[3][TEXT_TIME_SIZE];
    char cert[65];

    text_hex(slice_of(order->order.caller_cert, 32), cert);
    print_time(note->given_us, times[0]);
    print_time(close ? incident->oral_given_us : 0, times[1]);
    print_time(close ? incident->written_given_us : 0, times[2]);
    members_add(&members, "subject", incident->id);
    members_add(&members, "kind", incident->kind);
    members_add(&members, "object", incident->subject);
    members_add(&members, "notice", notice_name(note->what));
    members_add(&members, "given", times[0]);
    members_add(&members, "oral_given", times[1]);
    members_add(&members, "written_given", times[2]);
    members_add(&members, close ? "no_notice_because" : "reference", note->reference);
    members_add(&members, close ? "reason" : "text", note->text);
    members_add(&members, "person", note->person);
    members_add(&members, "role", note->role);
    members_add(&members, "caller_cert", cert);
    members_add(&members, "request_id", note->request_id);
    TRY(members_write(core, close ? "incident.close" : "incident.note", &members,
                      &place));
    incident->log_index = place.index;
    memcpy(incident->log_hash, place.hash, sizeof(incident->log_hash));
    return SG_OK;
}

static enum sg_status state_it(struct core *core, struct request_order *order,
                               struct ledger_incident *incident)
{
    const struct incident_ask *ask = &order->incident;
    bool notice = ask->note == INCIDENT_ORAL || ask->note == INCIDENT_WRITTEN;
    struct ledger_incident_note note = {.what = ask->note,
                                        .person = order->order.officer,
                                        .role = order->order.change.role,
                                        .request_id = order->order.request_id,
                                        .time_us = clock_wall_us(),
                                        .reference = ask->reference,
                                        .text = ask->text};
    int64_t *given = given_of(incident, ask->note);

    if (notice) {
        note.given_us = ask->given_us != 0 ? ask->given_us : note.time_us;
    }
    if (given != NULL) {
        *given = notice ? note.given_us : note.time_us;
    }
    TRY(write_record(core, order, &note, incident));
    TRY(ledger_add_incident_note(core->ledger, incident->number, &note));
    TRY(ledger_mark_incident(core->ledger, incident));
    core->agenda.stale = true;
    return find(core, order, incident);
}

static enum sg_status take(struct core *core, struct request_order *order)
{
    struct sg_error why = {0};
    bool known = false;

    TRY(find_known(core, order, &known));
    if (known) {
        return SG_OK;
    }
    struct ledger_incident *incident = order->incidents.items;
    TRY(find(core, order, incident));
    if (order->incidents.count == 0) {
        return SG_OK;
    }
    enum sg_status status = check(order, incident, &why);
    return status == SG_OK ? state_it(core, order, incident)
                           : request_refuse(order, status, &why);
}

enum sg_status incidents_on_note(struct core *core, struct request_order *order)
{
    return take(core, order);
}

enum sg_status incidents_on_close(struct core *core, struct request_order *order)
{
    order->incident.note = INCIDENT_CLOSE;
    return take(core, order);
}
