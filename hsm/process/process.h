#ifndef SEGEL_HSM_PROCESS_PROCESS_H
#define SEGEL_HSM_PROCESS_PROCESS_H

#include "hsm/token/rv.h"

/* What makes a process fit to hold a PIN. Each function is called once, by the first
 * thread, before there is another. */

/* No core dump, no ptrace by others of the same user, no new privileges, and the secure
 * heap. Fails when the heap's memory cannot be locked: a PIN must not reach the swap. */
SG_MUST_USE enum sg_status process_protect(struct trouble *trouble);

/* Ends with the parent: closes every descriptor above 2 but these two (one that is below
 * 3 stands for none), and asks for SIGKILL when the parent's thread ends. SG_SHUTDOWN:
 * the parent is gone already. */
SG_MUST_USE enum sg_status process_bind_to_parent(int socket_fd, int marks_fd);

/* The gateway stops its children by closing the socket, after they have answered. A
 * signal to the whole process group must not come before that. */
void process_ignore_signals(void);

/* Ends the process without a word of the module's (no atexit). why: a sentence for
 * standard error; NULL: nothing is to be said. Any thread. */
_Noreturn void process_end(int code, const char *why);

#endif
