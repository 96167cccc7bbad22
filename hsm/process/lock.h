#ifndef SEGEL_HSM_PROCESS_LOCK_H
#define SEGEL_HSM_PROCESS_LOCK_H

#include <limits.h>

#include "hsm/token/token.h"

/* Who may use a token now: any number of lanes, or one ceremony. A software module keeps
 * what it read of a token and throws it away under the feet of its other threads when
 * another process writes there, so nobody changes a token that a lane has open.
 *
 * The lock is the kernel's (flock) on the token's own directory: the one below a named
 * directory whose name ends in the token's serial number, as SoftHSM has it, or else the
 * named directory itself. It needs no file and no right to write, holds across mount
 * namespaces, and ends with the process however that ends: a lane that hangs in a driver
 * and cannot be killed keeps it. A token without a directory has no lock. */
enum lock_kind { LOCK_LANE, LOCK_CEREMONY };

/* One directory; the lock is held until the process ends. Fails with FAILURE_DEVICE,
 * which passes, when others hold what cannot be shared; with FAILURE_CONFIG when a
 * directory cannot be opened. */
SG_MUST_USE enum sg_status lock_directory(const struct token *token, const char *path,
                                          enum lock_kind kind, struct trouble *trouble);
/* All of them. */
SG_MUST_USE enum sg_status lock_token(const struct token *token,
                                      const char (*directories)[PATH_MAX], size_t count,
                                      enum lock_kind kind, struct trouble *trouble);

#endif
