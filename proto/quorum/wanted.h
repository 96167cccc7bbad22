#ifndef SEGEL_PROTO_QUORUM_WANTED_H
#define SEGEL_PROTO_QUORUM_WANTED_H

#include <protobuf-c/protobuf-c.h>

#include "proto/quorum/roster_edit.h"

/* What a kept request wants, out of the bytes that were signed for: for whoever carries
 * it out, or shows it, and asks for more than the grant's object and param. */
struct wanted {
    ProtobufCMessage *message; /* owned */
};

/* method: of asking.def. SG_UNSUPPORTED: it is none of those. SG_CORRUPT: the bytes are
 * not its message, hold fields that nobody here knows, or could not be asked for. */
SG_MUST_USE enum sg_status wanted_read(const char *method, struct slice bytes,
                                       struct wanted *out);
/* The zero state is allowed. */
void wanted_fini(struct wanted *wanted);

/* PolicyService.LoadPolicy: the file; borrowed. */
struct slice wanted_policy(const struct wanted *wanted);
/* KeyService.GenerateKey: what the grant's text has no room for; borrowed. */
struct wanted_generate {
    const char *place;
    char *const *participants;
    size_t participant_count;
    const char *witness;
    struct slice script; /* SHA-256 */
    int64_t from_us;     /* 0 = not set */
    int64_t until_us;
};
void wanted_generate(const struct wanted *wanted, struct wanted_generate *out);
/* CreateRequest of override; borrowed. */
struct wanted_override {
    const char *rule;
    const char *key;
    const char *caller;
    const char *document_class; /* "" = any */
    int64_t until_us;
    uint32_t max;
};
void wanted_override(const struct wanted *wanted, struct wanted_override *out);
/* CreateRequest of officer.add or officer.remove; borrowed. */
void wanted_officer(const struct wanted *wanted, struct roster_change *out);

#endif
