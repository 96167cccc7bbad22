#ifndef SEGEL_CLIENT_COMMANDS_CEREMONY_REHEARSAL_GATEWAY_H
#define SEGEL_CLIENT_COMMANDS_CEREMONY_REHEARSAL_GATEWAY_H

#include "client/commands/ceremony/rehearsal.h"

/* Starts the world's gateway and waits until it is ready; all home folders learn its
 * address. It ends with this process, whatever becomes of that. SG_NOT_FOUND: it does not
 * come up. */
SG_MUST_USE enum sg_status rehearsal_gateway(struct rehearsal *world,
                                             struct sg_error *why);
void rehearsal_stop(struct rehearsal *world);

#endif
