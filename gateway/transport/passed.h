#ifndef SEGEL_GATEWAY_TRANSPORT_PASSED_H
#define SEGEL_GATEWAY_TRANSPORT_PASSED_H

#include "proto/base.h"

/* Sockets that systemd opens and passes at the start (sd_listen_fds(3)): they outlive a
 * restart, and clients wait in their queue meanwhile. */

/* The one of that FileDescriptorName. plain: a Unix socket is meant, else TCP. The caller
 * owns *out; the file of a Unix socket is its unit's. SG_INVALID: there is none. */
SG_MUST_USE enum sg_status passed_take(const char *name, bool plain, int *out,
                                       struct sg_error *why);

#endif
