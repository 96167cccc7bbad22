#ifndef SEGEL_CLIENT_CONSOLE_FILE_HASH_H
#define SEGEL_CLIENT_CONSOLE_FILE_HASH_H

#include "proto/algorithm.h"
#include "proto/base.h"

/* What a file holds, by its digest, and what the system says of it. */
struct file_hash {
    uint8_t digest[SG_HASH_MAX];
    size_t len;
    uint64_t size;
    int64_t mtime_ns; /* of the last change; 0 = before 1970, INT64_MAX = behind 2262 */
};

/* Reads it in pieces, whatever its size. name: "sha256". SG_IO: it cannot be read, or is
 * no ordinary file: a pipe is not waited for. SG_NO_MEMORY. */
SG_MUST_USE enum sg_status file_hash(const char *path, const char *name,
                                     struct file_hash *out, struct sg_error *why);

#endif
