#ifndef SEGEL_GATEWAY_SERVICE_CONTROL_GROUP_H
#define SEGEL_GATEWAY_SERVICE_CONTROL_GROUP_H

#include <sys/types.h>

#include "proto/base.h"

/* The number of that group, control.group; it may be one of a directory, and wait for it.
 * SG_INVALID: there is none of that name; SG_IO: nobody could tell; SG_NO_MEMORY. */
SG_MUST_USE enum sg_status group_find(const char *name, gid_t *out, struct sg_error *why);

#endif
