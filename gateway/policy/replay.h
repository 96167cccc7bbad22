#ifndef SEGEL_GATEWAY_POLICY_REPLAY_H
#define SEGEL_GATEWAY_POLICY_REPLAY_H

#include "gateway/policy/logged.h"

/* Logged decisions judged again, by the policy of the time or by another one: what would
 * have been decided differently? Pure: records and policies in, a comparison out.
 *
 * The facts are those of the record and of the key.facts record that it names. What
 * follows from the policy file (its dates, its profile, the calendar of its zone) is made
 * anew by the policy that judges. Counters stay what they were: what another policy would
 * have let through before, or not, is not played out.
 * Texts that were masked in the record, because they looked like personal data, are
 * judged as they stand there.
 *
 * Which absences count. A record holds, of the facts that were present, those that its
 * own policy read. So an absent fact was truly absent when
 *   - the record has it as a field (job.id, job.batch, caller.cert_fp and so on),
 *   - it is a KEY fact: key.facts holds all of them unless it was cut,
 *   - the policy that judges, or the policy of the time if it is given (then), has the
 *     hash that the record names and reads the fact, and the record was not cut.
 * A KEY fact that the gateway of that time did not make counts as absent. Any other
 * absent fact is unknown: it may have been there. So are counters of a day and dates of a
 * key for a policy whose days may begin at another hour. When the outcome depends on what
 * is unknown, the decision is REPLAY_INCOMPLETE. */

/* What became of a decision; the rows say what each means. */
enum replay_kind {
#define REPLAY_KIND(name, text, english, indonesian) REPLAY_##name,
#include "gateway/policy/replay.def"
#undef REPLAY_KIND
    REPLAY_KINDS
};
const char *replay_kind_name(enum replay_kind kind); /* "newly_denied" */

/* One key.facts record bound to the policy that judges. Copies what it needs. */
struct replay_key;
/* policy: borrowed, as long as the key lives. SG_INVALID: see logged.h; SG_NO_MEMORY. */
SG_MUST_USE enum sg_status replay_key_make(const struct policy *policy, uint64_t index,
                                           struct slice record, struct replay_key **out,
                                           struct sg_error *why);
void replay_key_free(struct replay_key *key);

/* Stands in a list of rules for the default deny: no rule has passed. */
enum { REPLAY_NO_RULE = UINT16_MAX };

struct replay {
    enum replay_kind kind;
    bool allowed;           /* by the policy; only where the kind says that it judged */
    struct verdict verdict; /* where facts are unknown: what is certain all the same */
    enum fact missing;      /* INCOMPLETE: what the policy wants to know; FACT_COUNT: a
                             * record without facts */
    size_t open; /* rules that read unknown facts and may come out either way */
    /* The rules that make the difference: of the policy those that deny now and did not
     * then, and the places in the record's failures of those that did and no longer do.
     */
    uint16_t denies[VERDICT_FAILURES];
    size_t denies_count;
    uint16_t denied[VERDICT_FAILURES];
    size_t denied_count;
    struct facts facts; /* judged by; borrowed from key and decision */
};

/* then: the policies of the time that are at hand; the one whose hash the record names is
 * taken. key: of the record that the decision names by bound; NULL where the decision
 * needs none (by_gateway, or no facts). SG_INVALID: key and decision do not belong
 * together. */
struct replay_policies {
    const struct policy *const *then;
    size_t count;
};
SG_MUST_USE enum sg_status replay_judge(const struct replay_key *key,
                                        const struct logged *decision,
                                        const struct replay_policies *policies,
                                        struct replay *out, struct sg_error *why);

#endif
