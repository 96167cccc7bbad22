#ifndef SEGEL_HSM_PROCESS_MOUNT_H
#define SEGEL_HSM_PROCESS_MOUNT_H

#include <limits.h>

#include "hsm/token/rv.h"

/* Makes directories read-only for this process alone, in a mount namespace of its own;
 * without privileges in a user namespace too, where other users and groups look like
 * nobody. Called by the first thread before there is another, before the module is loaded
 * and before process_protect, which takes away what the user namespace needs. The token
 * of a software module is a file that every login truncates and writes anew: a lane that
 * is killed in between destroys it, unless it cannot write there.
 *
 * SG_OK with an empty note: none of them can be written to. SG_OK with a note: the kernel
 * refuses that, and the note says what the administrator should set instead. Fails, with
 * trouble set, when a directory does not exist. */
SG_MUST_USE enum sg_status mount_read_only(const char (*directories)[PATH_MAX],
                                           size_t count, struct sg_error *note,
                                           struct trouble *trouble);

#endif
