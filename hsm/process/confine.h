#ifndef SEGEL_HSM_PROCESS_CONFINE_H
#define SEGEL_HSM_PROCESS_CONFINE_H

#include "proto/base.h"

/* What a lane gives up once its token is open. Values of Confinement in lane.proto. */
enum confinement {
    CONFINEMENT_NONE = 0,
    CONFINEMENT_SYSTEM_CALLS = 1,
    CONFINEMENT_CAPABILITIES = 2,
    CONFINEMENT_READ_ONLY = 4, /* hsm/process/mount.h */
};

/* From here on no program or process can be started, no socket opened and no other
 * process looked into, by any thread: the rows of system_call.def. The module has opened
 * what it needs: one that loses its network connection is cured by a new lane.
 * SG_UNSUPPORTED: the kernel refuses the filter. */
SG_MUST_USE enum sg_status confine_system_calls(void);

/* Gives up every capability of this thread; may be called again. SG_UNSUPPORTED: some
 * thread of the process, one of the module's, still has one, or one could be gained. A
 * lane that root has started can then read only what root owns: a token of the same user.
 */
SG_MUST_USE enum sg_status confine_capabilities(void);

#endif
