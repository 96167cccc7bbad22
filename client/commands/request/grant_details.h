#ifndef SEGEL_CLIENT_COMMANDS_REQUEST_GRANT_DETAILS_H
#define SEGEL_CLIENT_COMMANDS_REQUEST_GRANT_DETAILS_H

#include "client/commands/request/grant_view.h"
#include "client/console/home.h"

/* What a request holds that finds no room in the text that is signed, and what it would
 * change: from its bytes, which the text's hash covers, and from the gateway. Prints
 * nothing for a task where the text says it all. SG_UNSUPPORTED: this program cannot read
 * it, and nobody should sign what was not shown. */
SG_MUST_USE enum sg_status grant_details(const struct home *home,
                                         const struct grant_view *view,
                                         const Segel__V1__GetRequestResponse *got,
                                         bool indonesian, struct sg_error *why);

#endif
