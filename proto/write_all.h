#ifndef SEGEL_PROTO_WRITE_ALL_H
#define SEGEL_PROTO_WRITE_ALL_H

#include "proto/base.h"
#include "proto/slice.h"

/* Writes all bytes to a file or pipe, however often write(2) stops short. false: errno
 * says why, or the other end takes nothing more. Safe in a forked child. */
bool write_all(int fd, struct slice bytes);

#endif
