#ifndef SEGEL_CLIENT_COMMANDS_REQUEST_GRANT_LOG_H
#define SEGEL_CLIENT_COMMANDS_REQUEST_GRANT_LOG_H

#include "client/commands/request/grant_view.h"
#include "client/console/home.h"

/* Whether what is to be signed counts at the gateway whose log the home folder knows
 * (log.vkey), and at no other one. Where it knows none, a line tells the person to
 * compare the name. SG_CORRUPT: it is for another log. SG_UNSUPPORTED: it names none, as
 * what was asked of an older gateway. SG_IO, SG_INVALID: log.vkey cannot be read. */
SG_MUST_USE enum sg_status grant_log_check(const struct home *home,
                                           const struct grant_view *view, bool indonesian,
                                           struct sg_error *why);

#endif
