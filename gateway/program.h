#ifndef SEGEL_GATEWAY_PROGRAM_H
#define SEGEL_GATEWAY_PROGRAM_H

#include <limits.h>

#include "gateway/config/config.h"

/* The path of segel-hsm, which lies beside segeld unless hsm.program says otherwise.
 * SG_IO, SG_INVALID. Whether it can be started is not asked. */
SG_MUST_USE enum sg_status hsm_program(const struct config *config, char out[PATH_MAX],
                                       struct sg_error *why);

#endif
