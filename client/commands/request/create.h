#ifndef SEGEL_CLIENT_COMMANDS_REQUEST_CREATE_H
#define SEGEL_CLIENT_COMMANDS_REQUEST_CREATE_H

#include "client/call/approval_call.h"

/* CreateRequest for a task that has no method of its own. */
struct request_words {
    const char *reason;
    const char *request_id; /* NULL: one is made */
    const char *lang;
};
/* request: initialised, with its task. Asks, and prints how the request stands. */
SG_MUST_USE enum sg_status request_create(const struct home *home,
                                          const struct request_words *words,
                                          Segel__V1__CreateRequestRequest *request,
                                          struct sg_error *why);

#endif
