#ifndef SEGEL_PROTO_QUORUM_GRANT_H
#define SEGEL_PROTO_QUORUM_GRANT_H

#include "proto/quorum/roster.h"

/* What persons sign when they approve a request: the text of a C2SP signed note, ten
 * lines in this order, each ending in LF.
 *
 *     segel-grant/v2
 *     log log.example.go.id/kota    origin of the log of the gateway that executes it
 *     id g-88
 *     action key.activate
 *     object seal-setda
 *     param mode=window until=2026-05-02T17:00:00+07:00 max=20000
 *     request sha256:…      of the exact bytes that will be executed
 *     policy sha256:…       of the policy in force when it was asked for
 *     requester officer-a
 *     not-after 2026-05-02T01:12:03Z
 *
 * In the first form, "segel-grant/v1", the line "log" was missing: it is written for what
 * older gateways were asked, and signed by nobody any more.
 * Its first line keeps it apart from checkpoints; besides, no person's key may be a log's
 * or a witness' key. */
enum { GRANT_TEXT_MAX = 2048, GRANT_NOTE_MAX = 16384, GRANT_PARAM_MAX = 512 };

struct grant {
    char id[GROUPS_NAME_MAX + 1];
    char log[NOTE_NAME_MAX + 1]; /* "" = the first form */
    enum task action;
    char object[GROUPS_NAME_MAX + 1];
    char param[GRANT_PARAM_MAX + 1]; /* plain text without line ends; "-" = none */
    uint8_t request[32];
    uint8_t policy[32];
    char requester[GROUPS_NAME_MAX + 1];
    int64_t not_after_us; /* whole seconds */
};

/* SG_INVALID: a member is out of its bounds. *len without a NUL. There is no reader: who
 * approves and who judges write the text themselves and compare, so that a text has one
 * meaning. */
SG_MUST_USE enum sg_status grant_write(const struct grant *grant,
                                       char out[GRANT_TEXT_MAX], size_t *len);
/* Whose good signatures a note over this very text carries, a bit for each person of the
 * roster: persons count, not keys. Signatures of unknown keys are passed over.
 * SG_INVALID: not a note, or over another text. SG_CORRUPT: a signature that names a key
 * of the roster is false. */
SG_MUST_USE enum sg_status grant_signers(const struct roster *roster,
                                         const struct grant *grant, struct slice note,
                                         uint64_t *persons, struct sg_error *why);

#endif
