#ifndef SEGEL_CLIENT_CALL_APPROVAL_CALL_H
#define SEGEL_CLIENT_CALL_APPROVAL_CALL_H

#include "client/console/home.h"
#include "segel/v1/approvals.pb-c.h"

/* What commands for officers ask of ApprovalService. The caller gives *reply to
 * unpack_free.
 */

/* One request, with its bytes. */
SG_MUST_USE enum sg_status approval_get(const struct home *home, const char *id,
                                        ProtobufCMessage **reply, struct sg_error *why);
SG_MUST_USE enum sg_status
approval_roster(const struct home *home, ProtobufCMessage **reply, struct sg_error *why);

/* The language of the answers: "id" or "en". */
SG_MUST_USE enum sg_status approval_language(const char *lang, bool *indonesian,
                                             struct sg_error *why);
/* A request id of ours, when none was given. */
enum { APPROVAL_ID_SIZE = 17 };
SG_MUST_USE enum sg_status approval_make_id(char out[APPROVAL_ID_SIZE],
                                            struct sg_error *why);

#endif
