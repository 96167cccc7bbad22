#ifndef SEGEL_PROTO_QUORUM_TRUST_H
#define SEGEL_PROTO_QUORUM_TRUST_H

#include "proto/quorum/groups.h"
#include "proto/tlog/note.h"

/* Whom a verifier of a log trusts (C2SP tlog-policy). Lines of words:
 *
 *     log     VKEY [URL]
 *     witness NAME VKEY [URL]
 *     group   NAME all|any|K MEMBER…
 *     quorum  NAME|none
 *
 * Names stand above where they are used; each is a member of at most one group; there is
 * exactly one quorum line. Addresses are passed over. */
enum { TRUST_LOGS_MAX = 32, TRUST_WITNESSES_MAX = 32 };

struct trust_policy {
    size_t log_count;
    struct note_key logs[TRUST_LOGS_MAX];           /* Ed25519 or ECDSA */
    struct groups groups;                           /* its leaves are the witnesses */
    struct note_key witnesses[TRUST_WITNESSES_MAX]; /* cosignature keys */
    bool has_quorum;                                /* false: none is asked for */
    struct group_member quorum;
};

/* SG_INVALID, SG_TOO_LARGE (above 64 KiB): why names the line where there is one; out is
 * undefined then. */
SG_MUST_USE enum sg_status trust_parse(struct slice text, struct trust_policy *out,
                                       struct sg_error *why);
/* The same by hand; the zero state is empty and asks for no witness. SG_INVALID: too
 * many, a key of another kind, or one that is there already. */
SG_MUST_USE enum sg_status trust_add_log(struct trust_policy *trust,
                                         const struct note_key *key,
                                         struct sg_error *why);
SG_MUST_USE enum sg_status trust_add_witness(struct trust_policy *trust,
                                             const struct note_key *key,
                                             struct sg_error *why);
/* So many of those that were added, 1 to all. SG_INVALID. */
SG_MUST_USE enum sg_status trust_ask_for(struct trust_policy *trust, unsigned witnesses,
                                         struct sg_error *why);

/* The log of that origin, else the first one. There is at least one. */
const struct note_key *trust_log(const struct trust_policy *trust, const char *origin);
/* The fewest witnesses that can be enough; 0: none is asked for. */
unsigned trust_fewest(const struct trust_policy *trust);
/* Whether these witnesses, a bit each, are enough. */
bool trust_reached(const struct trust_policy *trust, uint64_t witnesses);

#endif
