#ifndef SEGEL_CLIENT_PDF_GUARD_INSIDE_H
#define SEGEL_CLIENT_PDF_GUARD_INSIDE_H

#include <sys/types.h>

#include "client/pdf/guard/guard.h"

/* Shared by the files of the guard; nobody else includes it.
 *
 *   guard.c         one process for one letter
 *   pool.c          processes for many letters: the parent's side
 *   reader.c        the child's side of it
 *   limits.c        what a child may have */

/* Closes all descriptors but this one, sets the limits of time and memory, and leaves the
 * program's locale. */
void guard_limit(int kept_fd);
/* No system call but for memory and open descriptors. false: the kernel has no such. */
bool guard_confine(void);
/* The parent: whether the kernel has what that needs. */
bool guard_can_confine(void);
/* Waits for a child that is about to end; whether it ended well. */
bool guard_reap(pid_t child);

/* What goes over the socket before the bytes of a parcel, and before an answer. */
struct guard_question {
    pdf_guard_parcel_fn work;
    size_t pdf_len;
    size_t order_len;
};
struct guard_reply {
    size_t len; /* SIZE_MAX: there is none */
};
/* The child: answers until the socket closes. */
_Noreturn void guard_read_on(int fd);

#endif
