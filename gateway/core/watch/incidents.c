#include "gateway/core/watch/incidents.h"

#include <stdio.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/core/core_inside.h"
#include "gateway/core/log/members.h"
#include "proto/text.h"

static const struct {
    const char *name;
    bool once;
} kinds[] = {
#define INCIDENT(id, name, once, indonesian, english) [INCIDENT_##id] = {name, once},
#include "proto/incident_kinds.def"
#undef INCIDENT
};

const char *incident_kind_name(enum incident_kind kind)
{
    return kinds[kind].name;
}

/* --- Opening ----------------------------------------------------------------------- */

/* The ends of the notices are settled now: what the configuration or the calendar says
 * later changes nothing of an incident that is known. */
static void set_dues(const struct core *core, struct ledger_incident *incident)
{
    static const int64_t hour_us = INT64_C(3600) * 1000000;
    const struct config *config = core->options.config;

    if (config->notice_oral_h > 0) {
        incident->oral_due_us = incident->opened_us + config->notice_oral_h * hour_us;
    }
    if (config->notice_written_workdays > 0) {
        incident->written_due_us = policy_workdays_end_us(
            core->policy, incident->opened_us, config->notice_written_workdays);
    }
}

static const char *time_or_none(int64_t us, char out[TEXT_TIME_SIZE])
{
    out[0] = '\0';
    if (us > 0) {
        text_time(us, out);
    }
    return out;
}

static enum sg_status write_open(struct core *core, struct ledger_incident *incident)
{
    struct members members = {.count = 0};
    struct log_place place;
    char due[2][TEXT_TIME_SIZE];

    members_add(&members, "subject", incident->id);
    members_add(&members, "kind", incident->kind);
    members_add(&members, "object", incident->subject);
    members_add(&members, "reason", incident->why);
    members_add(&members, "person", incident->person);
    members_add(&members, "oral_due", time_or_none(incident->oral_due_us, due[0]));
    members_add(&members, "written_due", time_or_none(incident->written_due_us, due[1]));
    TRY(members_write(core, "incident.open", &members, &place));
    incident->log_index = place.index;
    memcpy(incident->log_hash, place.hash, sizeof(incident->log_hash));
    return SG_OK;
}

static enum sg_status open_new(struct core *core, const struct incident_event *event,
                               const char *person)
{
    char id[32];
    struct ledger_incident incident = {.id = id,
                                       .kind = kinds[event->kind].name,
                                       .subject = event->subject,
                                       .why = event->why,
                                       .person = person,
                                       .opened_us = clock_wall_us()};

    (void)snprintf(id, sizeof(id), "incident-%llu",
                   (unsigned long long)ledger_next_index(core->ledger));
    set_dues(core, &incident);
    TRY(write_open(core, &incident));
    core->agenda.stale = true;
    log_event(LOG_ERROR, "incident.open", "id", id, "kind", incident.kind, "subject",
              incident.subject, "why", incident.why, "what_to_do",
              "tell the CA in time and say so with 'segel incident note'", NULL);
    return ledger_add_incident(core->ledger, &incident);
}

enum sg_status incident_open(struct core *core, const struct incident_event *event,
                             const char *person)
{
    uint64_t all = 0;
    uint64_t open = 0;

    TRY(ledger_known_incidents(core->ledger, kinds[event->kind].name, event->subject,
                               &all, &open));
    if (open > 0 || (all > 0 && kinds[event->kind].once)) {
        return SG_OK;
    }
    return open_new(core, event, person);
}

/* --- Seen outside a transaction ---------------------------------------------------- */

static bool is_raised(const struct incidents *incidents, enum incident_kind kind,
                      const char *subject)
{
    for (size_t i = 0; i < incidents->raised_count; i++) {
        if (incidents->raised[i].kind == kind &&
            strncmp(incidents->raised[i].subject, subject, INCIDENT_SUBJECT_SIZE - 1) ==
                0) {
            return true;
        }
    }
    return false;
}

void incident_raise(struct core *core, enum incident_kind kind, const char *subject,
                    const char *why)
{
    struct incidents *incidents = &core->incidents;

    if (is_raised(incidents, kind, subject)) {
        return;
    }
    if (incidents->raised_count ==
        INCIDENTS_RAISED_MAX) { /* more than lanes and anchors */
        log_event(LOG_ERROR, "incident.lost", "kind", kinds[kind].name, "subject",
                  subject, NULL);
        return;
    }
    struct incident_event *event = &incidents->raised[incidents->raised_count++];
    event->kind = kind;
    (void)snprintf(event->subject, sizeof(event->subject), "%s", subject);
    (void)snprintf(event->why, sizeof(event->why), "%s", why);
    text_mend(event->why);
}

static enum sg_status open_condemned(struct core *core)
{
    struct incident_event event = {.kind = INCIDENT_LOG_CONDEMNED};
    char finding[LEDGER_MEMO_MAX];
    enum sg_status found = ledger_recall(core->ledger, LEDGER_ACQUITTED, finding);

    core->incidents.acquitted = false;
    if (found != SG_OK || finding[0] == '\0') {
        return found == SG_NOT_FOUND ? SG_OK : found;
    }
    (void)snprintf(event.subject, sizeof(event.subject), "%s",
                   core->options.config->ledger_origin);
    (void)snprintf(event.why, sizeof(event.why), "%.256s", finding);
    TRY(incident_open(core, &event, ""));
    return ledger_remember(core->ledger, LEDGER_ACQUITTED, "");
}

bool incidents_due(const struct core *core)
{
    return core->incidents.raised_count > 0 || core->incidents.acquitted;
}

enum sg_status incidents_write(struct core *core)
{
    for (size_t i = 0; i < core->incidents.raised_count; i++) {
        TRY(incident_open(core, &core->incidents.raised[i], ""));
    }
    core->incidents.raised_count = 0;
    return core->incidents.acquitted ? open_condemned(core) : SG_OK;
}

/* --- At the start ------------------------------------------------------------------ */

enum sg_status incidents_write_start(struct core *core)
{
    TRY(open_condemned(core));
    return core->lockdown.active ? lockdown_open_incident(core) : SG_OK;
}
