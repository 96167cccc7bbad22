#ifndef SEGEL_HSM_PROCESS_MARK_H
#define SEGEL_HSM_PROCESS_MARK_H

#include "proto/base.h"
#include "proto/marks.h"

enum { MARK_NO_FD = -1 };

/* Maps the page that segeld reads when this lane has died, and closes its descriptor.
 * MARK_NO_FD: nobody will read it, a page of our own is used. SG_INVALID: the descriptor
 * is no memory of that size. */
SG_MUST_USE enum sg_status mark_map(int fd, struct marks **marks);

#endif
