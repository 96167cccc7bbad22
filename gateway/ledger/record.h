#ifndef SEGEL_GATEWAY_LEDGER_RECORD_H
#define SEGEL_GATEWAY_LEDGER_RECORD_H

#include "gateway/ledger/record_reasons.h"
#include "proto/algorithm.h"
#include "proto/base.h"
#include "proto/remarks.h"
#include "proto/slice.h"

/* The records of the transparency log as JSON lines: one function a type, all with the
 * common members v, seq, ts, node, type. Written once, hashed as they are, never written
 * again by a reader. No document, no signature, no free text of a caller stands in them.
 * Each returns the text in out (inside buffer, at least LEDGER_RECORD_MAX bytes) or
 * SG_TOO_LARGE. */
struct record_head {
    uint64_t seq;
    int64_t ts_us;
    const char *node;
};

/* What INTENT and DENY say of the job. Texts may be NULL or empty: the member is left
 * out. */
struct record_job {
    const char *decision_id;
    const char *caller;
    const uint8_t *caller_cert; /* SHA-256 of its certificate; NULL: it is local */
    int64_t caller_uid;         /* user id of a local one */
    const char *request_id;
    const char *batch;
    const char *trace_id; /* of the caller's distributed trace */
    const char *key;
    const char *cert_serial;
    const uint8_t *cert_spki; /* SHA-256 */
    const char *assurance;
    enum sg_profile profile;
    const char *document_class;
    const char *algorithm; /* "rsa-pkcs1-sha256" */
    enum sg_hash hash;
    struct slice digest;
    struct slice to_be_signed; /* hash that the key signs; empty in DENY */
    const char *approval_ref;
    const char *mandate;
    const uint8_t *policy_rev; /* SHA-256 of the policy file */
    uint32_t attempt;
};

/* The CRL or OCSP answer by which the status of the signing certificate was known. */
enum { RECORD_NUMBER_MAX = 20 }; /* RFC 5280 5.2.3: at most 20 octets */
enum record_status_kind { RECORD_STATUS_NONE, RECORD_STATUS_CRL, RECORD_STATUS_OCSP };
struct record_status {
    enum record_status_kind kind;
    struct slice number; /* cRLNumber, big-endian, without leading zeros */
    int64_t this_update_us;
};

/* What a decision was made by, so that it can be made again. Facts are members of a JSON
 * object, as the policy module writes them; empty: none. */
struct record_facts {
    bool known;         /* false: the job was judged by what the log does not hold */
    struct slice job;   /* of the request */
    struct slice state; /* of the gateway, in the turn of this record */
    bool cut;           /* some found no room */
    uint64_t bound;     /* leaf index of the key.facts record */
    struct record_status status;
};

struct record_decision {
    uint16_t passed;
    bool remarked; /* INTENT: the lists of remarks were made, empty ones too */
    struct record_rules {
        const char *const *ids;
        size_t count;
    } remarks[REMARKS];
    const struct record_lift *lifts; /* by officers, not by the policy */
    size_t lift_count;
    const struct record_failure *failures; /* DENY only; the deciding one first */
    size_t failure_count;
    size_t failure_more; /* deny, too, and are not among them */
    bool by_gateway;     /* DENY: not a rule of the policy file, but the gateway itself */
    struct record_facts facts;
};

SG_MUST_USE enum sg_status record_intent(char *buffer, const struct record_head *head,
                                         const struct record_job *job,
                                         const struct record_decision *decision,
                                         struct slice *out);
SG_MUST_USE enum sg_status record_deny(char *buffer, const struct record_head *head,
                                       const struct record_job *job,
                                       const struct record_decision *decision,
                                       struct slice *out);

/* Somebody asked how a job would be judged; nothing was signed. Of the job those members
 * are set that may stand there; failures: none when it would be allowed. */
SG_MUST_USE enum sg_status record_explain(char *buffer, const struct record_head *head,
                                          const struct record_job *job,
                                          const struct record_decision *decision,
                                          struct slice *out);

/* What became of an INTENT. Caller, id, key and digest stand here once more, so that this
 * one record and its proof say to whom it happened. */
struct record_result {
    const char *decision_id;
    const char *caller; /* NULL or empty: left out, as the next four */
    const char *request_id;
    const char *key;
    enum sg_hash hash;
    struct slice digest;
    uint64_t intent_index;
    uint32_t attempt;
    const char *outcome;    /* "signed", "failed", "indeterminate" */
    const char *code;       /* of a failure: sg_status_name; NULL when signed */
    struct slice signature; /* its SHA-256 goes in; empty unless signed */
    const char *lane;
    uint32_t latency_us; /* INTENT to result */
};
SG_MUST_USE enum sg_status record_outcome(char *buffer, const struct record_head *head,
                                          const struct record_result *result,
                                          struct slice *out);

/* What was known of a key from now on: the KEY facts that decisions name by "bound". */
struct record_key {
    const char *name;
    const uint8_t *policy_rev; /* SHA-256 of the policy file that it was bound to */
    struct slice facts; /* members; at most LEDGER_RECORD_MAX / 2 bytes fit surely */
    bool cut;
};
SG_MUST_USE enum sg_status record_key_facts(char *buffer, const struct record_head *head,
                                            const struct record_key *key,
                                            struct slice *out);

/* Somebody asked again for what was signed before: the stored answer was given, or was no
 * longer there. */
struct record_again {
    const char *decision_id;
    uint64_t outcome_index;
    bool expired;
};
SG_MUST_USE enum sg_status record_replay(char *buffer, const struct record_head *head,
                                         const struct record_again *again,
                                         struct slice *out);

/* Everything else: boot, shutdown, policy.load, policy.reject, key.load, key.refuse,
 * lane.down, lane.up, overload … with text members that the writer chose. names and
 * values alternate in pairs; count is the number of pairs. */
SG_MUST_USE enum sg_status record_event(char *buffer, const struct record_head *head,
                                        const char *type, const char *const *pairs,
                                        size_t count, struct slice *out);

#endif
