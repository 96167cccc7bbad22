#ifndef SEGEL_GATEWAY_CORE_WATCH_INCIDENTS_H
#define SEGEL_GATEWAY_CORE_WATCH_INCIDENTS_H

#include "gateway/ledger/incidents.h"

/* What must not happen, and whom the agency has told of it. Core thread only. */
struct core;
struct request_order;

enum incident_kind {
#define INCIDENT(id, name, once, indonesian, english) INCIDENT_##id,
#include "proto/incident_kinds.def"
#undef INCIDENT
    INCIDENT_KINDS
};
const char *incident_kind_name(enum incident_kind kind); /* "lockdown" */

enum { INCIDENTS_RAISED_MAX = 64, INCIDENT_SUBJECT_SIZE = 129, INCIDENT_WHY_SIZE = 257 };
struct incident_event {
    enum incident_kind kind;
    char subject[INCIDENT_SUBJECT_SIZE];
    char why[INCIDENT_WHY_SIZE];
};
/* Seen, and not yet on the log. */
struct incidents {
    struct incident_event raised[INCIDENTS_RAISED_MAX];
    size_t raised_count;
    bool acquitted; /* the memo LEDGER_ACQUITTED is new */
};

/* Opens one with its record, inside a transaction; nothing happens when one of this kind
 * and subject is open, or was ever open where its kind says once. person: who reported
 * it;
 * "" = the gateway. */
SG_MUST_USE enum sg_status
incident_open(struct core *core, const struct incident_event *event, const char *person);
/* The same with the next turn, from anywhere on the core's thread. Texts are cut to
 * fit. */
void incident_raise(struct core *core, enum incident_kind kind, const char *subject,
                    const char *why);
bool incidents_due(const struct core *core);
SG_MUST_USE enum sg_status incidents_write(struct core *core);
/* In the transaction of the start: what an earlier run, or an older version, left. */
SG_MUST_USE enum sg_status incidents_write_start(struct core *core);

/* incident_orders.c: what persons ask. */
struct incident_ask {
    char id[65]; /* LIST: "" = a page */
    enum incident_note_kind note;
    int64_t given_us;
    char reference[257]; /* CLOSE: why no notice was due */
    char text[257];
    struct incident_query query; /* LIST */
};
SG_MUST_USE enum sg_status incidents_on_list(struct core *core,
                                             struct request_order *order);
SG_MUST_USE enum sg_status incidents_on_note(struct core *core,
                                             struct request_order *order);
SG_MUST_USE enum sg_status incidents_on_close(struct core *core,
                                              struct request_order *order);

#endif
