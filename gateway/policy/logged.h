#ifndef SEGEL_GATEWAY_POLICY_LOGGED_H
#define SEGEL_GATEWAY_POLICY_LOGGED_H

#include "gateway/policy/policy.h"
#include "gateway/policy/pool.h"

/* Decisions as the log keeps them, read back: intent and deny records, and the key.facts
 * record that each names by "bound". They are input like any other: what is malformed is
 * SG_INVALID and one sentence with the index. A member or fact that is not known here was
 * added by a newer gateway and is let pass; a "v" other than 1 is not. */

enum { LOGGED_RECORD_MAX = 8192, LOGGED_LIFTS_MAX = 4, LOGGED_SHADOWS_ONCE = 8 };

struct logged_failure {
    const char *rule; /* "" for the default deny: no rule of the file has passed */
    const char *code;
};
/* Code of a denial because no enforced rule has passed. */
#define LOGGED_DEFAULT_DENY "DEFAULT_DENY"

/* Texts are borrowed from json, "" where the record has none. The zero state is valid for
 * _fini. */
struct logged {
    struct json_t *json; /* owned */
    struct pool pool;    /* owned: the facts' sets */
    uint64_t index;
    const char *time; /* RFC 3339 */
    const char *job;
    const char *key;
    const char *caller;
    uint8_t policy_rev[32];
    bool allowed;
    bool by_gateway; /* denied by the gateway itself: no rule of a policy file did it */
    bool has_facts;  /* false: of a gateway that did not record them; no bound either */
    bool cut;        /* some facts found no room in the record */
    uint64_t bound;  /* leaf index of the key.facts record; below index */
    struct facts facts; /* JOB and STATE, the record's own fields among them */
    uint64_t passed;    /* rules that passed */
    struct logged_failure failures[VERDICT_FAILURES]; /* the deciding one first */
    size_t failure_count;
    uint64_t failure_more; /* recorded as a number, or more than VERDICT_FAILURES */
    struct logged_remarks {
        const struct json_t *list; /* of texts; NULL: none */
        uint64_t more;
    } remarks[REMARKS]; /* of an allowed job only */
    bool remarks_told;  /* false: an earlier gateway's, which told at most
                         * LOGGED_SHADOWS_ONCE shadows, and nothing else */
    const char *lifts[LOGGED_LIFTS_MAX]; /* ids of soft rules that officers had lifted */
    size_t lift_count;
};
SG_MUST_USE enum sg_status logged_read(uint64_t index, struct slice record,
                                       struct logged *out, struct sg_error *why);
void logged_fini(struct logged *logged);
size_t logged_remark_count(const struct logged *logged, enum remark remark);
/* The id of the at-th rule; at < logged_remark_count */
const char *logged_remark(const struct logged *logged, enum remark remark, size_t at);

/* A key.facts record: every KEY fact that was present, unless it was cut. */
struct logged_key {
    struct json_t *json; /* owned */
    struct pool pool;    /* owned */
    uint64_t index;
    const char *key;
    uint8_t policy_rev[32];
    bool cut;
    struct facts facts;
};
SG_MUST_USE enum sg_status logged_key_read(uint64_t index, struct slice record,
                                           struct logged_key *out, struct sg_error *why);
void logged_key_fini(struct logged_key *key);

#endif
