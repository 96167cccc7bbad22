#ifndef SEGEL_GATEWAY_DUMPS_H
#define SEGEL_GATEWAY_DUMPS_H

#include "proto/base.h"

/* From now on the process leaves no core file, and no other process of the same user can
 * look into its memory or descriptors (PR_SET_DUMPABLE, prctl(2)). False: the kernel
 * refuses that. */
SG_MUST_USE bool dumps_forbid(void);

#endif
