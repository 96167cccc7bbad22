#ifndef SEGEL_CLIENT_WITNESS_FOLDER_H
#define SEGEL_CLIENT_WITNESS_FOLDER_H

#include "proto/base.h"
#include "proto/slice.h"

/* The folder of a witness's state: one process writes to it, and each file in it is there
 * whole or not at all. One thread. */
enum { FOLDER_PATH_MAX = 512 };

struct folder {
    int fd;      /* owned */
    int lock_fd; /* owned; -1: not locked */
    char path[FOLDER_PATH_MAX];
};

/* SG_IO: it is not there, or no folder. Then folder_close is not due. */
SG_MUST_USE enum sg_status folder_open(const char *path, struct folder *out,
                                       struct sg_error *why);
/* Makes it, mode 0700, unless it is there. SG_IO. */
SG_MUST_USE enum sg_status folder_make(const char *path, struct sg_error *why);
/* Keeps other processes out until folder_close. SG_BUSY: another one has it. */
SG_MUST_USE enum sg_status folder_lock(struct folder *folder, struct sg_error *why);
/* The same by a file of that name, of something in the folder; SG_BUSY sets no why. */
SG_MUST_USE enum sg_status folder_lock_by(struct folder *folder, const char *name,
                                          struct sg_error *why);
void folder_close(struct folder *folder);

/* Where a file is read to. */
struct folder_room {
    uint8_t *data; /* borrowed */
    size_t cap;
    size_t len;
};
/* SG_NOT_FOUND: there is no such file. SG_TOO_LARGE: it has more than cap bytes. SG_IO:
 * why is set. */
SG_MUST_USE enum sg_status folder_read(const struct folder *folder, const char *name,
                                       struct folder_room *room, struct sg_error *why);
/* Puts bytes in the place of the file: on SG_OK they are on the disk, and so is their
 * name. On SG_IO either of both may be there after a crash. Waits for the disk. */
SG_MUST_USE enum sg_status folder_replace(const struct folder *folder, const char *name,
                                          struct slice bytes, struct sg_error *why);

#endif
