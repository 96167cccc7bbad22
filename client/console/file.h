#ifndef SEGEL_CLIENT_CONSOLE_FILE_H
#define SEGEL_CLIENT_CONSOLE_FILE_H

#include <stdio.h>

#include "proto/base.h"
#include "proto/slice.h"

/* A file's bytes in memory: a mapping could change, or end the process, while another
 * program writes the file. A NUL follows the bytes. The zero state is valid for _free. */
struct file_bytes {
    uint8_t *data; /* owned */
    size_t len;
};

/* To read; the caller closes *out, which is set on SG_OK alone. Waits for nobody: a pipe
 * is refused, unless the path says that it was handed over (/dev/fd/N, /dev/stdin).
 * SG_IO: cannot be read. */
SG_MUST_USE enum sg_status file_open(const char *path, int *out, struct sg_error *why);
/* As file_open. SG_TOO_LARGE: more than max bytes. SG_NO_MEMORY. */
SG_MUST_USE enum sg_status file_read(const char *path, size_t max, struct file_bytes *out,
                                     struct sg_error *why);
void file_free(struct file_bytes *bytes);
/* "PATH cannot be read: …", by the errno of what failed. SG_IO. */
SG_MUST_USE enum sg_status file_unreadable(const char *path, int error,
                                           struct sg_error *why);

/* The part behind the last '/'. */
const char *file_name(const char *path);
/* Both exist and are the same file, by whatever names. */
bool file_same(const char *a, const char *b);
bool file_exists(const char *path);
/* The path with `more` behind it is not longer than a name, and a path, may be. Of what
 * is to be written: asked before anything is signed for it. */
bool file_fits(const char *path, const char *more);
/* To write, then to read, in $TMPDIR: it is gone when it is closed. NULL: errno says why.
 */
FILE *file_nameless(void);
/* Makes the folder if it is not there. SG_IO. */
SG_MUST_USE enum sg_status file_make_dir(const char *path, struct sg_error *why);

#endif
