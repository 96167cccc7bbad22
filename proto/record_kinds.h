#ifndef SEGEL_PROTO_RECORD_KINDS_H
#define SEGEL_PROTO_RECORD_KINDS_H

/* The number of the types in record_types.def. */
enum {
#define RECORD_TYPE(name) +1
    RECORD_KINDS = 0
#include "proto/record_types.def"
#undef RECORD_TYPE
};

#endif
