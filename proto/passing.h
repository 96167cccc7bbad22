#ifndef SEGEL_PROTO_PASSING_H
#define SEGEL_PROTO_PASSING_H

#include <sys/socket.h>
#include <sys/types.h>

/* One packet over a Unix socket, and with it perhaps a descriptor (SCM_RIGHTS, unix(7)):
 * how a PIN's pipe gets from hand to hand while nobody in between reads it. Any thread.
 */

/* part: the packet, borrowed. passed: stays the caller's own, too; -1 = none. flags as of
 * sendmsg(2), MSG_NOSIGNAL is added; the result and errno are its own. */
ssize_t passing_send(int fd, struct iovec *part, int passed, int flags);

#endif
