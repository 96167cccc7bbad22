#ifndef SEGEL_GATEWAY_SERVICE_CONTROL_RELOAD_H
#define SEGEL_GATEWAY_SERVICE_CONTROL_RELOAD_H

#include "gateway/core/core.h"
#include "gateway/service/control/changes.h"
#include "gateway/service/services.h"

/* What SIGHUP brings. Lanes, which keys are on them and what those may sign:
 * core/reload.c. Networks: the services. Certificate, key,
 * client issuers, revocation lists: the transport. What certificates and users callers
 * are known by, and what roles and keys they have: the services. The quorum file: the
 * core, with its next turn. The policy file: the
 * core, a moment later, when it is known what that changes. Level and format of the log
 * lines. Everything else is read at the start only, and named. */
struct reload {
    const char *config_path;
    const struct config *start; /* that the gateway was started with */
    struct core *core;          /* all borrowed */
    struct services *services;
    struct server *server;
};

/* The core's thread. All or nothing: everything is read and checked, as a start would,
 * before anything changes; why says what is wrong. out: what was taken, and what was not.
 */
SG_MUST_USE enum sg_status reload_all(const struct reload *reload, struct changes *out,
                                      struct sg_error *why);

#endif
