#ifndef SEGEL_CLIENT_BUNDLE_BUNDLE_H
#define SEGEL_CLIENT_BUNDLE_BUNDLE_H

#include "client/bundle/tar.h"
#include "proto/base.h"
#include "proto/slice.h"

/* A bundle that is there to be read: a folder, or a tar file. Nothing in it is trusted:
 * no link is followed, nothing but plain files is opened. */
struct bundle {
    int fd; /* owned: of the folder or the tar file; -1 = closed */
    bool is_tar;
    struct tar_index index;
};
/* SG_IO: it cannot be opened. SG_INVALID: neither a folder nor such a tar file. */
SG_MUST_USE enum sg_status bundle_open(const char *path, struct bundle *out,
                                       struct sg_error *why);
void bundle_close(struct bundle *bundle);
/* Files in it, the manifest too; what is no plain file and no folder counts for *odd. At
 * most most + 1 are counted. */
SG_MUST_USE enum sg_status bundle_count(struct bundle *bundle, uint64_t most,
                                        uint64_t *count, uint64_t *odd);
/* The paths of its files, sorted by their bytes, at most most + 1 of them. In a folder
 * they may be any names, of any length. */
struct bundle_names {
    char **at; /* owned */
    size_t count;
    size_t room;
};
/* SG_IO, SG_NO_MEMORY. bundle_names_fini in any case; the zero state is empty. */
SG_MUST_USE enum sg_status bundle_names(struct bundle *bundle, uint64_t most,
                                        struct bundle_names *out);
void bundle_names_fini(struct bundle_names *names);

/* One file, read from its beginning to its end through a buffer. The zero state is
 * closed. */
enum { BUNDLE_BUFFER = 1 << 19 };
struct bundle_file {
    int fd; /* borrowed in a tar file */
    bool owned;
    bool open;
    uint64_t at;   /* of what comes next into the buffer */
    uint64_t left; /* not in the buffer yet */
    uint64_t size;
    uint8_t *buffer; /* owned */
    size_t start;
    size_t fill;
};
/* May be called again with the same struct: the buffer stays. SG_NOT_FOUND: it is not
 * there, or it is no plain file. SG_IO, SG_NO_MEMORY. */
SG_MUST_USE enum sg_status bundle_file_open(struct bundle *bundle, const char *path,
                                            struct bundle_file *file);
void bundle_file_fini(struct bundle_file *file);
/* What comes next, up to len bytes, less only at the end; *bytes lives until the next
 * call. len: up to BUNDLE_BUFFER. SG_IO. */
SG_MUST_USE enum sg_status bundle_file_take(struct bundle_file *file, size_t len,
                                            struct slice *bytes);
/* The next line without its LF. SG_NOT_FOUND: the end. SG_INVALID: longer than max, or
 * the last one has no LF. */
SG_MUST_USE enum sg_status bundle_file_line(struct bundle_file *file, size_t max,
                                            struct slice *line);

#endif
