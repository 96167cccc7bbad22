#ifndef SEGEL_PROTO_QUORUM_PARAM_H
#define SEGEL_PROTO_QUORUM_PARAM_H

#include "proto/base.h"
#include "proto/slice.h"

/* Reads a request's param again, as asking.h makes it: what is carried out is what
 * persons have signed. */

/* The value of a word "name=value"; false: there is none. It points into param. */
bool param_word(const char *param, const char *name, struct slice *out);
/* Likewise; absent is 0. SG_CORRUPT: not what asking.h writes. */
SG_MUST_USE enum sg_status param_number(const char *param, const char *name, uint64_t max,
                                        uint64_t *out);
SG_MUST_USE enum sg_status param_time(const char *param, const char *name,
                                      int64_t *unix_us);

#endif
