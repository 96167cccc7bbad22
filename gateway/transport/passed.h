#ifndef SEGEL_GATEWAY_TRANSPORT_PASSED_H
#define SEGEL_GATEWAY_TRANSPORT_PASSED_H

#include "proto/base.h"

/* Sockets that systemd opens and passes at the start: they outlive a restart, and clients
 * wait in their queue meanwhile. By the protocol of sd_listen_fds(3): descriptors from 3
 * on, counted by LISTEN_FDS, named by LISTEN_FDNAMES, meant for the process LISTEN_PID.
 * One set a process, because the environment is the process's. */

enum { PASSED_MAX = 64 };

/* Takes over what was passed, if anything was: no program that is started later inherits
 * the descriptors or reads the variables. Once, at the start of the process, before any
 * thread and any child. SG_INVALID: the variables contradict themselves. */
SG_MUST_USE enum sg_status passed_collect(struct sg_error *why);

/* The first one of that FileDescriptorName that is not taken yet. plain: a Unix socket is
 * meant, else TCP. The caller owns *out; the file of a Unix socket is its unit's.
 * SG_INVALID: there is none, or it is no listening stream socket of that family. */
SG_MUST_USE enum sg_status passed_take(const char *name, bool plain, int *out,
                                       struct sg_error *why);

/* Closes the others and says so in the log: whoever connects there waits for nothing. */
void passed_close_rest(void);

#endif
