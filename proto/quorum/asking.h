#ifndef SEGEL_PROTO_QUORUM_ASKING_H
#define SEGEL_PROTO_QUORUM_ASKING_H

#include <protobuf-c/protobuf-c.h>

#include "proto/quorum/grant.h"

/* What the message of a guarded method asks for (see approvals.proto). The gateway makes
 * the grant's text by this, and an approver's program makes it again: one reading, so
 * that a text has one meaning. */
struct asking {
    enum task task;
    char object[GROUPS_NAME_MAX + 1];
    char param[GRANT_PARAM_MAX + 1]; /* what matters besides the object; "-" = nothing */
    const char *request_id;          /* borrowed from the message, as the reason */
    const char *reason;
};

/* What each such message carries besides, and messages of what one person does alone:
 * bytes of plain text (text_fits), and the refusal of what has not that many. */
enum { ASKING_ID_MAX = 64, ASKING_REASON_MAX = 256 };
extern const char asking_bad_id[];
extern const char asking_bad_reason[];

/* The type of the method's message ("/segel.v1.ApprovalService/CreateRequest"); NULL: it
 * is not guarded. */
const ProtobufCMessageDescriptor *asking_type(const char *method);
/* Bytes that a message about the task may have. */
size_t asking_bytes_max(enum task task);
/* message: of that type. SG_INVALID: a field breaks its limit; SG_UNSUPPORTED: a task
 * that this version does not serve. Whether it can be done is not asked here. */
SG_MUST_USE enum sg_status asking_read(const char *method,
                                       const ProtobufCMessage *message,
                                       struct asking *out, struct sg_error *why);

#endif
