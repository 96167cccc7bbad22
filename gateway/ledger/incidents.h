#ifndef SEGEL_GATEWAY_LEDGER_INCIDENTS_H
#define SEGEL_GATEWAY_LEDGER_INCIDENTS_H

#include "gateway/ledger/ledger.h"
#include "proto/arena.h"

/* Incidents with what persons stated about them, and of which ends somebody was reminded.
 * The writer's thread, inside of its transaction where something changes. Any SG_LEDGER
 * latches. */

/* Values as in IncidentNoteKind of incidents.proto. */
enum incident_note_kind {
    INCIDENT_REMARK = 1,
    INCIDENT_ORAL,
    INCIDENT_WRITTEN,
    INCIDENT_CLOSE
};
enum { INCIDENT_NOTES_MAX = 32 };

struct ledger_incident_note {
    enum incident_note_kind what;
    const char *person;
    const char *role;
    const char *request_id; /* unique for ever, with person */
    int64_t time_us;
    int64_t given_us; /* of a notice, else 0 */
    const char *reference;
    const char *text;
};

struct ledger_incident {
    uint64_t number; /* in the order of opening */
    const char *id;  /* unique for ever */
    const char *kind;
    const char *subject;
    const char *why;
    const char *person; /* "" = the gateway itself */
    int64_t opened_us;
    int64_t oral_due_us; /* 0 = not asked for */
    int64_t written_due_us;
    int64_t oral_given_us; /* 0 = not yet stated */
    int64_t written_given_us;
    int64_t closed_us;  /* 0 = open */
    uint64_t log_index; /* of the newest record about it */
    uint8_t log_hash[32];
    size_t note_count;
    struct ledger_incident_note *notes; /* the earliest first */
};

/* As open; number, what was given, and notes are not read. */
SG_MUST_USE enum sg_status ledger_add_incident(struct ledger *ledger,
                                               const struct ledger_incident *incident);
/* What was given, when it was closed, and its place on the log. SG_NOT_FOUND: it is
 * closed already; nothing was changed. */
SG_MUST_USE enum sg_status ledger_mark_incident(struct ledger *ledger,
                                                const struct ledger_incident *incident);
SG_MUST_USE enum sg_status
ledger_add_incident_note(struct ledger *ledger, uint64_t incident,
                         const struct ledger_incident_note *note);

/* What was found lives in the arena. SG_NOT_FOUND; SG_NO_MEMORY: the arena is full. */
SG_MUST_USE enum sg_status ledger_find_incident(struct ledger *ledger, const char *id,
                                                struct arena *arena,
                                                struct ledger_incident *out);
/* The one that a person's note with this request_id is about. */
SG_MUST_USE enum sg_status ledger_find_incident_of_note(struct ledger *ledger,
                                                        const char *person,
                                                        const char *request_id,
                                                        struct arena *arena,
                                                        struct ledger_incident *out);
/* How many there ever were of this kind and subject, and how many of them are open. */
SG_MUST_USE enum sg_status ledger_known_incidents(struct ledger *ledger, const char *kind,
                                                  const char *subject, uint64_t *all,
                                                  uint64_t *open);

struct incident_page {
    struct ledger_incident *items; /* in the arena; the newest first */
    size_t count;
    uint64_t next; /* below which to go on; 0 = there are no more */
};
/* At most limit of those below a number. */
struct incident_query {
    uint64_t below;
    size_t limit;
    bool closed;  /* those that are closed, too */
    bool briefly; /* without their notes */
};
SG_MUST_USE enum sg_status ledger_list_incidents(struct ledger *ledger,
                                                 const struct incident_query *query,
                                                 struct arena *arena,
                                                 struct incident_page *out);

/* An end that somebody was reminded of, so many days before. recall: SG_NOT_FOUND. drop:
 * all whose end lies before. */
struct ledger_reminder {
    const char *what;
    const char *name;
    int64_t expires_us;
    uint32_t days; /* 0 = when it was over */
};
SG_MUST_USE enum sg_status ledger_recall_reminder(struct ledger *ledger,
                                                  struct ledger_reminder *reminder);
SG_MUST_USE enum sg_status ledger_keep_reminder(struct ledger *ledger,
                                                const struct ledger_reminder *reminder);
SG_MUST_USE enum sg_status ledger_drop_reminders(struct ledger *ledger,
                                                 int64_t before_us);

#endif
