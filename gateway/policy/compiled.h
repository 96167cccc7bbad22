#ifndef SEGEL_GATEWAY_POLICY_COMPILED_H
#define SEGEL_GATEWAY_POLICY_COMPILED_H

#include <stdatomic.h>

#include "gateway/config/yaml.h"
#include "gateway/policy/condition.h"
#include "gateway/policy/facts_json.h"
#include "gateway/policy/policy.h"
#include "gateway/policy/pool.h"
#include "gateway/policy/review.h"

/* Inside of the policy module: what a policy file becomes. All texts are borrowed from
 * the document or the pool, which the policy owns. */

/* Conditions that must all hold: a run in policy->conditions. */
struct demands {
    uint32_t first;
    uint32_t count;
};

struct rule {
    struct rule_info info;
    enum sg_status status; /* of a denial by this rule */
    struct demands when;
    struct demands require;
    bool of_state;   /* reads a STATE fact: judged where that is true */
    bool key_only;   /* reads KEY facts alone: judged once per key */
    enum fact lacks; /* the first fact it reads that is not made; FACT_COUNT = none */
    bool excepted;   /* some exception names it */
};

/* Standing relief from one soft rule, until a day. */
struct exception {
    size_t rule;
    struct demands match;
    int64_t until_us;
    const struct yaml_node *approvers; /* a list of names */
    const char *reason;
};

struct named_list {
    const char *name;
    const struct yaml_node *node;
    const struct slice *items;
    size_t count;
    bool hashes; /* each item is one */
    /* The items by the type of the facts that they are for; NULL: for none yet. */
    const int64_t *numbers[FACT_HASH + 1];
};

struct pattern {
    struct pattern *next;
    regex_t regex;
    struct runs runs;
};

struct policy {
    atomic_uint holders; /* the only thing that changes after loading */
    struct policy_info info;
    struct slice text; /* the file's bytes; in the pool */
    struct yaml *doc;  /* owned; holds most texts */
    struct pool pool;  /* owned */
    struct rule *rules;
    size_t rule_count;
    struct condition *conditions; /* owned; grows while loading */
    size_t condition_count;
    size_t condition_cap;
    struct exception *exceptions;
    size_t exception_count;
    struct named_list *lists;
    size_t list_count;
    struct pattern *patterns;       /* in the pool; regfree at the end */
    struct rule_coverage *coverage; /* by the embedded tests; one for each rule */
    size_t test_count;
    uint8_t tests_sha256[32]; /* of what bases and tests say */
    enum rule_mode default_mode;
    int64_t zone_minutes;    /* east of UTC */
    const int64_t *holidays; /* days since 1970 in that zone; in the pool */
    size_t holiday_count;
    int64_t calendar_end; /* day: the first behind the last year that has a holiday */
    struct fact_list recorded[2]; /* of phase JOB, STATE: see policy_recorded */
    bool rehearsing; /* the embedded tests run: pending rules are judged as enforced */
    char *dump;      /* owned */
};

struct policy_key {
    const struct policy *policy; /* borrowed */
    struct facts facts;
    struct pool pool; /* copies of what the facts point to */
    uint8_t raw[];    /* enum rule_result of each rule that is key_only */
};

/* How demands come out, and the place of the condition that decides (none when all are
 * met): of all of them, or of those alone that read STATE facts, or the others. */
enum demands_part { PART_ALL, PART_EARLY, PART_STATE };
struct found_outcome {
    enum outcome outcome;
    uint32_t decider;
};
struct found_outcome demands_judge(const struct policy *policy, struct demands demands,
                                   const struct facts *facts, enum demands_part part);
/* Whether the rule is judged at all, now. */
bool rule_judged(const struct policy *policy, const struct rule *rule);
/* Whether an exception from it matches. */
bool rule_has_relief(const struct policy *policy, const struct rule *rule,
                     const struct facts *facts);
/* rule_effective where that is known. */
enum rule_result rule_effective_with(const struct rule *rule, enum rule_result raw,
                                     bool relief);
/* Counts one rule that stands behind all counted before it, or anywhere; relief: an
 * exception matches where it fails. */
void verdict_note(const struct policy *policy, size_t index, enum rule_result raw,
                  bool relief, struct verdict *verdict);

/* judge_state.c: what can be said of a rule without STATE facts. */
void verdict_leave_open(const struct policy *policy, size_t index,
                        const struct facts *facts, struct verdict *verdict);
/* All that can be left open is. */
void verdict_keep_early(struct verdict *verdict);

/* Without regard to level, mode (but off), exceptions: PASS, FAIL, ERROR or SKIP. */
enum rule_result rule_raw(const struct policy *policy, const struct rule *rule,
                          const struct facts *facts);
/* What counts: shadow, advisory and exceptions applied. */
enum rule_result rule_effective(const struct policy *policy, const struct rule *rule,
                                enum rule_result raw, const struct facts *facts);
/* Whether this effective result denies. */
bool rule_denies(const struct rule *rule, enum rule_result result);

/* The gRPC-facing status of a deny code; PRECONDITION for codes that are not in deny.def.
 */
enum sg_status deny_status(const char *code);
/* The mildest level that the catalogue lets a rule have; false: not in the catalogue. */
bool catalogue_level(const char *rule, enum rule_level *level);

/* Days since 1970-01-01 in a zone. */
int64_t calendar_day(int64_t unix_us, int64_t offset_minutes);
/* The first of January, in days since 1970. */
int64_t calendar_year_start(int64_t year);

/* bind.c: what the policy file itself says, unless the caller knows better (embedded
 * tests). */
void policy_add_own_facts(const struct policy *policy, struct facts *facts);

/* reads.c: fills recorded, once rules and exceptions are there. */
void policy_note_reads(struct policy *policy);

#endif
