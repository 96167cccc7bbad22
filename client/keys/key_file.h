#ifndef SEGEL_CLIENT_KEYS_KEY_FILE_H
#define SEGEL_CLIENT_KEYS_KEY_FILE_H

#include "proto/base.h"
#include "proto/slice.h"

/* A small file with a private key, which its user alone may read. */
enum { KEY_FILE_MAX = 4096 };

struct key_file {
    char bytes[KEY_FILE_MAX];
    size_t len;
};
/* For AUTO. */
void key_file_wipe(struct key_file *file);

/* A new file of mode 0600; on SG_OK it is on the disk, and so is its name. SG_CONFLICT:
 * there is one already, which stays as it is. SG_IO: what was begun is taken away. */
SG_MUST_USE enum sg_status key_file_make(const char *path, struct slice text,
                                         struct sg_error *why);
/* SG_IO. SG_INVALID: others may use it, or it has KEY_FILE_MAX bytes or more. */
SG_MUST_USE enum sg_status key_file_read(const char *path, struct key_file *out,
                                         struct sg_error *why);

#endif
