#ifndef SEGEL_CLIENT_BUNDLE_TAR_H
#define SEGEL_CLIENT_BUNDLE_TAR_H

#include "client/bundle/manifest.h"
#include "proto/base.h"

/* The one form of tar (POSIX ustar) that bundles have: plain files only, in the order of
 * their names, without owner or time, so that the same files make the same bytes. */
enum { TAR_BLOCK = 512, TAR_END_MAX = 65536 };

/* path: valid. size: below 8 GiB. */
void tar_header_write(const char *path, uint64_t size, uint8_t out[TAR_BLOCK]);
/* SG_NOT_FOUND: a block of zeros, as at the end. SG_INVALID: anything but a plain file in
 * the form above. */
SG_MUST_USE enum sg_status tar_header_read(const uint8_t block[TAR_BLOCK],
                                           char path[BUNDLE_PATH_MAX + 1],
                                           uint64_t *size);
/* With what fills its last block. */
static inline uint64_t tar_padded(uint64_t size)
{
    return (size + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK;
}

/* Where each member begins, in the order of their names. The zero state is empty. */
struct tar_index {
    int fd;            /* borrowed */
    uint64_t *headers; /* owned: offsets */
    size_t count;
    size_t cap;
    size_t hint; /* where the last member was found: the next one stands behind it */
};
/* SG_INVALID, SG_NO_MEMORY, SG_IO. */
SG_MUST_USE enum sg_status tar_index_make(struct tar_index *index, int fd, uint64_t size,
                                          struct sg_error *why);
/* SG_NOT_FOUND, SG_IO. */
SG_MUST_USE enum sg_status tar_index_find(struct tar_index *index, const char *path,
                                          uint64_t *at, uint64_t *size);
/* The name of the member at a place below count. SG_IO. */
SG_MUST_USE enum sg_status tar_index_path(const struct tar_index *index, size_t place,
                                          char path[BUNDLE_PATH_MAX + 1]);
void tar_index_fini(struct tar_index *index);

#endif
