#ifndef SEGEL_CLIENT_BUNDLE_WRITER_H
#define SEGEL_CLIENT_BUNDLE_WRITER_H

#include <openssl/evp.h>

#include "client/bundle/manifest.h"
#include "proto/base.h"
#include "proto/slice.h"

/* Makes a bundle, whole or not at all: it grows in "<target>.tmp", is synced, and gets
 * its name last. What a killed run left there is removed by the next one. The same files
 * make the same bytes. */
enum { WRITER_PATH_MAX = 1024, WRITER_BUFFER = 1 << 16 };
struct bundle_writer {
    char target[WRITER_PATH_MAX];
    char temp[WRITER_PATH_MAX + 8];
    int dir;                     /* owned: of temp; -1 = none */
    struct manifest_file *files; /* owned */
    size_t count;
    size_t cap;
};
/* SG_CONFLICT: the target is there already. SG_IO. */
SG_MUST_USE enum sg_status bundle_writer_start(struct bundle_writer *writer,
                                               const char *target, struct sg_error *why);
/* Writes the manifest, after all other files: its SHA-256 stands for the whole bundle, as
 * a folder and as one file. */
SG_MUST_USE enum sg_status bundle_writer_seal(struct bundle_writer *writer,
                                              struct manifest_head *head,
                                              struct tlog_hash *sha256,
                                              struct sg_error *why);
/* Gives a sealed bundle its name; as_tar: as one file. */
SG_MUST_USE enum sg_status bundle_writer_finish(struct bundle_writer *writer, bool as_tar,
                                                struct sg_error *why);
/* Releases all; what has not been finished leaves nothing behind. */
void bundle_writer_fini(struct bundle_writer *writer);

/* One file on its way into the bundle; several may be open. The zero state is closed. */
struct bundle_out {
    int fd; /* owned while open */
    bool open;
    EVP_MD_CTX *hash; /* owned */
    struct manifest_file file;
    size_t fill;
    uint8_t buffer[WRITER_BUFFER];
};
/* path: valid, and new. SG_IO: why says so in one sentence, as with the others. */
SG_MUST_USE enum sg_status bundle_out_open(struct bundle_writer *writer, const char *path,
                                           struct bundle_out *out, struct sg_error *why);
SG_MUST_USE enum sg_status bundle_out_put(struct bundle_out *out, struct slice bytes,
                                          struct sg_error *why);
SG_MUST_USE enum sg_status bundle_out_close(struct bundle_writer *writer,
                                            struct bundle_out *out, struct sg_error *why);
void bundle_out_fini(struct bundle_out *out);
/* A whole file at once. */
SG_MUST_USE enum sg_status bundle_write_file(struct bundle_writer *writer,
                                             const char *path, struct slice bytes,
                                             struct bundle_out *scratch,
                                             struct sg_error *why);

#endif
