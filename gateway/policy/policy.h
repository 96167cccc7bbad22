#ifndef SEGEL_GATEWAY_POLICY_POLICY_H
#define SEGEL_GATEWAY_POLICY_POLICY_H

#include "gateway/policy/days.h"
#include "gateway/policy/facts_json.h"
#include "gateway/policy/verdict.h"

/* A Certificate Policy as rules over facts (shape: the sample in deploy/policies).
 * Immutable after loading: any thread may judge by it. No clock, no I/O, no lock: the
 * same facts give the same verdict for ever. */
struct policy;

struct policy_info {
    const char *id;
    int64_t version;
    uint8_t sha256[32]; /* of the file's bytes */
    bool production;    /* profile: production (test otherwise) */
    int64_t effective_us;
    int64_t review_by_us;
    int64_t calendar_until_us; /* the last year of its holidays is over; 0 = none */
    int64_t agreement_from_us; /* 0 = not given */
    int64_t agreement_until_us;
    const char *agreement_no; /* "" when not given */
    const char *cp_title;     /* the Certificate Policy document; "" when not given */
    uint8_t cp_sha256[32];    /* of it; all zero when not given */
    const char *statement_id; /* what every letter must show; Indonesian, English */
    const char *statement_en; /* both "" when the file has no notice */
    const char *verify_url;   /* "" when none */
    uint8_t logo_sha256[32];  /* of the authority's logo; all zero when none */
    uint8_t agency_logo_sha256[32]; /* likewise */
};

/* SG_NOT_FOUND, SG_IO, SG_INVALID; why names file, line and column, and the nearest
 * allowed word. The embedded tests are run: a failing one is SG_INVALID and named.
 * *out starts with one share, the caller's. */
SG_MUST_USE enum sg_status policy_load(const char *path, struct policy **out,
                                       struct sg_error *why);
SG_MUST_USE enum sg_status policy_parse(struct slice text, const char *name,
                                        struct policy **out, struct sg_error *why);
/* Any thread: another share of it; and one given back, NULL allowed: the last frees it.
 */
struct policy *policy_take(struct policy *policy);
void policy_free(struct policy *policy);
struct slice policy_text(const struct policy *policy); /* the file, as it was read */

const struct policy_info *policy_info(const struct policy *policy);
size_t policy_rule_count(const struct policy *policy);
const struct rule_info *policy_rule(const struct policy *policy, size_t rule);
/* What a denial by this rule means for the call, by its deny code. */
enum sg_status policy_status(const struct policy *policy, size_t rule);
/* How many embedded tests saw the rule pass, and how many saw it fail or warn. */
struct rule_coverage {
    unsigned passed;
    unsigned failed;
};
struct rule_coverage policy_coverage(const struct policy *policy, size_t rule);
/* Embedded tests of the file; all were run when it was loaded. */
size_t policy_test_count(const struct policy *policy);
/* Members of the named list of the file ("profiles", "algs", "cp_oids"); NULL, 0 if none.
 */
const struct slice *policy_list(const struct policy *policy, const char *name,
                                size_t *count);
/* The fact for want of which a rule is in mode pending; NULL for all other rules. */
const char *policy_lacks(const struct policy *policy, size_t rule);
/* How many rules are in mode pending: they refuse nothing. */
size_t policy_pending(const struct policy *policy);
/* What a record of a decision has to hold for it to be judged again: the facts of phase
 * JOB or STATE that the rules in mode enforce or shadow, and the exceptions, read; and
 * clock.now, from which others follow, and job.notice, which the yearly report counts.
 * Without those that the record has as fields of its own. */
const struct fact_list *policy_recorded(const struct policy *policy,
                                        enum fact_phase phase);
/* Text dump of the compiled policy, one line a rule, for review; owned by the policy. */
const char *policy_dump(const struct policy *policy);

/* What depends only on the key: made when key, certificate or policy changes, then shared
 * by all its jobs. Holds the results of the rules that read KEY facts alone, and copies
 * of the KEY facts: the facts given may go away. */
struct policy_key;
SG_MUST_USE enum sg_status policy_bind(const struct policy *policy,
                                       const struct facts *key_facts,
                                       struct policy_key **out);
void policy_key_free(struct policy_key *bound);
/* How many of those rules deny whatever a job says. */
size_t policy_key_denials(const struct policy_key *bound);
/* The first of those rules, from this one on, that is broken by facts that are there; the
 * policy's number of rules: there is none. For a key of which some facts are not known
 * yet. */
size_t policy_key_broken(const struct policy_key *bound, size_t from);
/* Whether two bindings to one policy judge every rule over KEY facts alike: the same key
 * on another token, as far as the policy can see. */
bool policy_key_alike(const struct policy_key *one, const struct policy_key *other);
/* Whether their facts are the same, too. */
bool policy_key_equal(const struct policy_key *one, const struct policy_key *other);
/* The policy that it is bound to. */
const struct policy *policy_key_policy(const struct policy_key *bound);
/* The KEY facts kept in it, to begin a job's facts with (a plain copy of the struct). */
const struct facts *policy_key_facts(const struct policy_key *bound);

/* Sets clock.weekday, clock.minute_of_day and clock.holiday from clock.now by the zone
 * and the holidays of the policy file, where they are absent. Behind the last year that
 * has a holiday in the file clock.holiday stays so. */
void policy_clock_facts(const struct policy *policy, struct facts *facts);

/* facts: the job's, begun from policy_key_facts, STATE facts among them. Any thread; no
 * allocation. */
void policy_judge(const struct policy *policy, const struct policy_key *bound,
                  const struct facts *facts, struct verdict *out);

/* The same in two steps, as STATE facts are true in the turn of the core only that writes
 * the record. The first leaves the rules open that read such facts; allow then says: not
 * denied so far. The second finishes them by the STATE facts (others are not looked at),
 * and the verdict, and how each rule came out, is that of policy_judge with all facts. It
 * may be made again by later STATE facts. */
void policy_judge_early(const struct policy *policy, const struct policy_key *bound,
                        const struct facts *facts, struct verdict *out);
void policy_judge_state(const struct policy *policy, const struct facts *state,
                        struct verdict *verdict);

/* Lifts one soft rule from a job that was judged, as an exception of the file would: a
 * failure becomes a skip, and what policy_judge_early left open becomes one if it fails.
 * An error is not lifted. facts: those that the verdict was made by. */
enum relief {
    RELIEF_NONE,  /* nothing was to be lifted, or nothing can be */
    RELIEF_GIVEN, /* the rule denied, and does not any more */
    RELIEF_OPEN   /* it is for policy_relieved to say */
};
enum relief policy_relieve(const struct policy *policy, const struct policy_key *bound,
                           size_t rule, const struct facts *facts,
                           struct verdict *verdict);
/* After policy_judge_state: whether it was lifted from a rule that had been left open. */
bool policy_relieved(const struct policy *policy, size_t rule,
                     const struct verdict *verdict, const struct facts *state);

/* Why a rule came out as it did: for denial details and explain. */
void policy_explain(const struct policy *policy, size_t rule, const struct facts *facts,
                    struct rule_why *out);
/* The same for a rule that policy_judge_early left open, by the same STATE facts as
 * policy_judge_state. false: the rule is none of those, and nothing was written. */
bool policy_explain_state(const struct policy *policy, size_t rule,
                          const struct verdict *verdict, const struct facts *state,
                          struct rule_why *out);
/* Whether a rule in mode enforce or shadow reads this fact of phase JOB or STATE. */
bool policy_reads_fact(const struct policy *policy, enum fact fact);

#endif
