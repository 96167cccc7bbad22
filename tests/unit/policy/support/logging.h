#ifndef SEGEL_TESTS_UNIT_POLICY_SUPPORT_LOGGING_H
#define SEGEL_TESTS_UNIT_POLICY_SUPPORT_LOGGING_H

#include "gateway/policy/replay.h"

/* Rules over a lawful job. */
#define RULE(id, more, require)                                                          \
    "  - {id: " id ", cp: \"1\", level: hard, " more "require: " require ", deny: " id   \
    "}\n"
#define RULES  "rules:\n"
#define BITS   RULE("BITS", "", "{key.rsa_bits: {ge: 2048}}")
#define REF    RULE("REF", "", "{job.approval_ref: {exists: true}}")
#define NOTICE RULE("NOTICE", "", "{job.notice: true}")
#define MEDIA  RULE("MEDIA", "", "{job.content_type: {in: [application/pdf]}}")
#define SHADE  RULE("SHADE", "mode: shadow, ", "{job.notice: false}")

/* On Saturday 2026-05-02, at 00:00 UTC. */
struct facts lawful_job(void);

/* Records as the gateway writes them, made of facts: the key's at index 3, a decision's
 * at index 7. */
enum { KEY_INDEX = 3, DECISION_INDEX = 7 };
struct record_text {
    char text[LOGGED_RECORD_MAX];
    size_t len;
};
struct slice record_slice(const struct record_text *record);

void log_key(const struct policy *policy, const struct facts *facts,
             struct record_text *out);
/* Judges the facts and writes the decision with those of them that the policy reads. */
void log_decision(const struct policy *policy, const struct facts *facts,
                  struct record_text *out);

/* Replaces a text that must stand in the record. */
void record_edit(struct record_text *record, const char *find, const char *put);

/* Both records written by one policy, read and judged by another. Returns the kind; all
 * of it in *out unless that is NULL. Texts in it are gone. */
struct replay_setting {
    const struct policy *before;
    const struct policy *after;
    const struct policy *known; /* the policy of the time as far as after knows it */
};
enum replay_kind replayed(const struct replay_setting *setting, const struct facts *facts,
                          struct replay *out);
/* The same of records that are written already. */
enum replay_kind replayed_records(const struct replay_setting *setting, struct slice key,
                                  struct slice decision, struct replay *out);
enum replay_kind replayed_record(const struct replay_setting *setting,
                                 const struct facts *facts, struct slice decision,
                                 struct replay *out);

#endif
