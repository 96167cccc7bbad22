#ifndef SEGEL_CLIENT_CADES_FILE_H
#define SEGEL_CLIENT_CADES_FILE_H

#include "client/sign_plan.h"

/* One file on its way to its CAdES signature. */
enum cades_state { CADES_OPEN, CADES_SIGNED, CADES_REFUSED, CADES_SKIPPED };

struct cades_file {
    enum cades_state state;
    const char *path; /* borrowed */
    char output[4096];
    char request_id[64];
    uint8_t digest[SG_HASH_MAX];
    size_t digest_len;
};

/* Where the signature goes, and the digest of the file, read in pieces of a megabyte.
 * SG_CONFLICT: it would overwrite something. SG_IO: the file cannot be read. state:
 * CADES_SKIPPED with --resume, when it is there. */
SG_MUST_USE enum sg_status cades_prepare(struct cades_file *file,
                                         const struct sign_plan *plan,
                                         struct sg_error *why);
/* Checks the signature against the digest, and writes it. */
SG_MUST_USE enum sg_status cades_finish(const struct cades_file *file, struct slice cms,
                                        struct sg_error *why);

#endif
