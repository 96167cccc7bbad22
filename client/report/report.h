#ifndef SEGEL_CLIENT_REPORT_REPORT_H
#define SEGEL_CLIENT_REPORT_REPORT_H

#include "client/audit/scan.h"
#include "client/report/cells.h"
#include "client/report/facts.h"
#include "client/report/jobs.h"
#include "client/report/names.h"
#include "client/report/zone.h"
#include "proto/base.h"

/* What the records of a log come to, for the yearly report: counts by month and by name,
 * and nothing about a single letter. Knows nothing of networks, files or languages.
 * Memory is bounded by the constants here and in facts.h; names that come later share one
 * row. */
enum {
    REPORT_CALLERS = 256,
    REPORT_KEYS = 256,
    REPORT_CLASSES = 1024,
    REPORT_SERIALS = 512,
    REPORT_RULES = 1024,
    REPORT_CODES = 512,
    REPORT_ROWS = 16384,
    REPORT_DOCUMENTS = 6000000, /* distinct ones; beyond, the figure is a lower bound */
    REPORT_DAYS = PERIOD_MONTHS * 31 + 1,
    REPORT_PLACES = 131072, /* more than a start writes before its `boot` */
    REPORT_KINDS = 96       /* more than there are types of records */
};

/* What became of an attempt, or of a job that was denied; the order of counts in cells.
 */
enum fate { FATE_SIGNED, FATE_FAILED, FATE_INDETERMINATE, FATE_DENIED, FATES };
/* Behind the fates in a cell of use, which count attempts. */
enum { USE_JOBS = FATES };
/* Counts of a rule. */
enum { RULE_DECIDED, RULE_PART, RULE_SHADOW };
/* Counts of a system. UNTOLD: signed, and the log does not say whether with the notice.
 */
enum { SYSTEM_SIGNED, SYSTEM_NOTICE, SYSTEM_UNTOLD, SYSTEM_DENIED };

struct report_totals {
    uint64_t fates[FATES];
    uint64_t records;
};

/* Intents and outcomes of the period: those that it holds, and what crosses its ends. */
struct report_balance {
    uint64_t intents;
    uint64_t outcomes;
    uint64_t carried_in;  /* outcomes of earlier intents */
    uint64_t carried_out; /* intents whose outcome is later */
    uint64_t open;        /* intents without one in the part of the log that was read */
};

/* What the records before one came to, in time. */
struct report_place {
    int64_t log_ends_us; /* of the record before */
    int64_t seen_us;     /* the latest time of a record before the period's end */
};

struct report {
    struct report_period period;
    struct names callers;
    struct names keys;
    struct names classes; /* of jobs that were allowed: denied ones may name any */
    struct names serials; /* of certificates that signed */
    struct names rules;
    struct names sections;
    struct names codes;
    struct names failures;
    struct cells use;     /* month, caller, key, class: fates, USE_JOBS */
    struct cells denials; /* month, caller, rule that decided: FATE_DENIED */
    struct cells refused; /* rule, section, code, by the gateway: RULE_ */
    struct cells shadows; /* rule: RULE_SHADOW */
    struct cells failed;  /* code: fates */
    struct cells systems; /* caller: SYSTEM_ */
    struct cells signers; /* key, serial: FATE_SIGNED */
    struct jobs jobs;
    struct seen documents;
    uint64_t *days; /* owned: signed, by day of the period */
    struct report_totals months[PERIOD_MONTHS];
    struct report_totals all;
    struct report_totals before; /* of the period that this one is compared with */
    struct report_balance balance;
    uint64_t kinds[REPORT_KINDS + 1]; /* records of the period by type; behind the last
                                       * type: unknown ones */
    uint64_t records;                 /* that were read */
    uint64_t first_index;             /* of the period; valid when all.records > 0 */
    uint64_t last_index;
    int64_t log_begins_us; /* times of the first and the last record that were read */
    int64_t log_ends_us;
    int64_t seen_us;             /* as in struct report_place, after the last record */
    struct report_place *places; /* owned: of the last records, by index */
    uint64_t read_from;          /* index of the first record that was read */
    uint64_t
        clock_back;    /* records of the period, older by over 1 s than the one before */
    uint64_t excepted; /* jobs that an exception of the policy let through */
    uint64_t excepted_untold; /* jobs of which the log does not say it */
    uint64_t answers;         /* that were given again */
    bool documents_full;
    struct report_facts facts;
    int64_t day_from_us; /* the day of the last record */
    int64_t day_until_us;
    size_t day; /* and its place in the period */
    uint16_t month;
};

/* SG_NO_MEMORY. To be ended in any case. */
SG_MUST_USE enum sg_status report_start(struct report *report,
                                        const struct report_period *period);
void report_fini(struct report *report);

/* One record, in the order of the log. scan: its members; time_us: its time. What cannot
 * be read as what it says it is, is counted by its type all the same. SG_NO_MEMORY. */
struct report_record {
    uint64_t index;
    struct slice json;
    const struct scan *scan;
    int64_t time_us;
};
SG_MUST_USE enum sg_status report_take(struct report *report,
                                       const struct report_record *record);
/* After the last record. */
void report_finish(struct report *report);
/* The types of proto/record_types.def: their names, in its order; NULL: no more. */
const char *report_kind(size_t kind);
size_t report_kinds(void);
/* Whether each intent of the period has its outcome, as far as the log was read. */
bool report_balanced(const struct report_balance *balance);
/* Whether what was read begins the log, or reaches back to a record before the period. */
bool report_begun(const struct report *report);

/* Inside of the module: count.c hands on what is nested in a record. */
bool report_holds(const struct report *report, int64_t time_us);
void report_take_denial(struct report *report, const struct report_record *record,
                        uint16_t caller);
void report_take_shadows(struct report *report, struct slice json);
/* spans.c: before the record is taken. */
void span_place(struct report *report, uint64_t index);
/* facts.c: of an INTENT of the period. */
void report_take_revision(struct report *report, const struct scan *scan);

#endif
