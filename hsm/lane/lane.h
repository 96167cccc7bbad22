#ifndef SEGEL_HSM_LANE_LANE_H
#define SEGEL_HSM_LANE_LANE_H

#include "proto/base.h"

/* The lane: reads what to open from the socket, logs in once, answers operations until
 * the other side closes. marks_fd is the page that tells how far it has come
 * (hsm/process/mark.h), or MARK_NO_FD. Ends the process by _exit(): 0 when the socket was
 * closed, 1 when it could not start (it has said why on the socket) or was sent nonsense.
 */
_Noreturn void lane_run(int fd, int marks_fd);

#endif
