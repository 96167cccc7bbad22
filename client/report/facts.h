#ifndef SEGEL_CLIENT_REPORT_FACTS_H
#define SEGEL_CLIENT_REPORT_FACTS_H

#include "proto/base.h"
#include "proto/slice.h"

/* What records of events say: certificates, tokens, policies, starts, outages. Each list
 * is bounded; what finds no room is counted as dropped. Texts are clean (names.h). */
enum {
    FACTS_CERTIFICATES = 256,
    FACTS_TOKENS = 64,
    FACTS_POLICIES = 512,
    FACTS_LANES = 64,
    FACTS_ANCHORS = 64,
    FACTS_VERSIONS = 64,
    FACTS_EVENTS = 512,
    FACTS_STATES = 512,
    FACTS_SUMS = 32,
    FACT_TEXT = 192
};

struct fact_certificate {
    char key[FACT_TEXT];
    char serial[FACT_TEXT];
    char subject[FACT_TEXT];
    char organisation[FACT_TEXT];
    char issuer[FACT_TEXT];
    char algorithm[FACT_TEXT]; /* "rsa 3072", "ec P-256" */
    char usage[FACT_TEXT];
    char policies[FACT_TEXT]; /* OIDs */
    char key_class[FACT_TEXT];
    char assurance[FACT_TEXT];
    int64_t not_before_us; /* 0: not stated */
    int64_t not_after_us;
    int64_t since_us;  /* the gateway knew it from */
    int64_t until_us;  /* until another took its place, or nobody told of it any more
                        * after a start; 0: it is in use */
    int64_t unseen_us; /* the first start since it was told of; 0: there was none */
};
struct fact_token {
    char manufacturer[FACT_TEXT];
    char model[FACT_TEXT];
    char serial[FACT_TEXT];
    char firmware[FACT_TEXT];
    char assurance[FACT_TEXT];
    int64_t last_us;
};
struct fact_policy {
    char id[FACT_TEXT];
    char version[FACT_TEXT];
    char revision[FACT_TEXT]; /* its SHA-256 */
    char source[FACT_TEXT];
    char approver_role[FACT_TEXT];
    int64_t since_us;
    int64_t until_us; /* 0: it is in force */
};
/* Counted last as a time without the gateway, or without a lane. */
struct fact_span {
    int64_t from_us;
    int64_t until_us;
};
struct fact_lane {
    char name[FACT_TEXT];
    uint64_t outages;
    int64_t down_us;   /* within the period */
    int64_t down_from; /* 0: it is up */
    uint64_t rests;    /* for a ceremony on its token or a PIN: no outages */
    int64_t rested_us; /* within the period; not in down_us */
    bool resting;      /* since down_from */
    struct fact_span last;
    bool last_rested;
    uint64_t pin_failures;
    uint64_t pin_lockouts;
    uint64_t pin_unlocks;
};
struct fact_anchor {
    char name[FACT_TEXT];
    char kind[FACT_TEXT];
    uint64_t good; /* records of the period, as the rest */
    uint64_t failed;
    uint64_t size;   /* the largest tree that it has seen */
    int64_t time_us; /* when it saw that, by its own clock; 0: it did not say */
    bool failing;    /* its last record is of a failure, in this state */
    char state[FACT_TEXT];
};
struct fact_version {
    char text[FACT_TEXT];
    int64_t first_us;
    int64_t last_us;
};
struct fact_event {
    int64_t time_us;
    char type[FACT_TEXT];
    char subject[FACT_TEXT];
    char detail[FACT_TEXT]; /* only where it is the gateway's own short words */
};
struct fact_sum {
    char label[FACT_TEXT]; /* as the gateway writes it: "queue full" */
    uint64_t count;
};

struct report_facts {
    struct fact_certificate certificates[FACTS_CERTIFICATES];
    struct fact_token tokens[FACTS_TOKENS];
    struct fact_policy policies[FACTS_POLICIES];
    struct fact_lane lanes[FACTS_LANES];
    struct fact_anchor anchors[FACTS_ANCHORS];
    struct fact_version versions[FACTS_VERSIONS];
    struct fact_event events[FACTS_EVENTS];
    struct fact_event states[FACTS_STATES]; /* of keys; they stand in events, too */
    struct fact_sum sums[FACTS_SUMS];       /* of requests that were answered undecided */
    size_t certificate_count;
    size_t token_count;
    size_t policy_count;
    size_t lane_count;
    size_t anchor_count;
    size_t version_count;
    size_t event_count;
    size_t state_count;
    size_t sum_count;
    uint64_t dropped;
    uint64_t untold; /* events that the gateway had no room to record */
    uint64_t starts;
    uint64_t starts_unclean; /* without a shutdown before */
    int64_t down_us;         /* between the last record before a start and the start */
    struct fact_span gap;
    int64_t agreement_from_us;
    int64_t agreement_until_us;
    bool stopped; /* the last start or stop was a stop */
    bool started; /* there was a start */
    bool again;   /* the record in hand says what the last one of its subject did */
};

struct report;
struct report_record;
/* A clock that was ahead: a record of this time shows that what was counted last as
 * without the gateway or a lane, and lies behind it, was not so. Before the record is
 * taken. */
void facts_cut(struct report *report, int64_t time_us);
/* Takes one record of an event, by its type. */
void facts_take(struct report *report, const struct report_record *record);
/* After a start certificates are told of anew: those that are not have gone. */
void facts_unseen(struct report_facts *facts, int64_t time_us);
/* Closes what is still open at the end of the period. */
void facts_finish(struct report *report);

#endif
