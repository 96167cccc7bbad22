#define _GNU_SOURCE /* strerror_r that returns the text */
#include "client/witness/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/write_all.h"

enum { NAME_MAX_LEN = 128, REASON_MAX = 128 };

static void close_fd(const int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
    }
}

static enum sg_status fail(const struct folder *folder, const char *name,
                           const char *what, struct sg_error *why)
{
    int error = errno;
    char reason[REASON_MAX];

    return sg_fail(why, SG_IO, "%s/%s cannot be %s: %s", folder->path, name, what,
                   strerror_r(error, reason, sizeof(reason)));
}

enum sg_status folder_make(const char *path, struct sg_error *why)
{
    char reason[REASON_MAX];

    if (mkdir(path, 0700) == 0 || errno == EEXIST) {
        return SG_OK;
    }
    return sg_fail(why, SG_IO, "the folder %s cannot be made: %s", path,
                   strerror_r(errno, reason, sizeof(reason)));
}

enum sg_status folder_open(const char *path, struct folder *out, struct sg_error *why)
{
    char reason[REASON_MAX];
    struct folder made = {.lock_fd = -1};
    int len = snprintf(made.path, sizeof(made.path), "%s", path);

    if (len < 0 || (size_t)len >= sizeof(made.path)) {
        return sg_fail(why, SG_INVALID, "the path of the state folder is too long");
    }
    made.fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (made.fd < 0) {
        return sg_fail(why, SG_IO, "the folder %s cannot be opened: %s", path,
                       strerror_r(errno, reason, sizeof(reason)));
    }
    *out = made;
    return SG_OK;
}

enum sg_status folder_lock_by(struct folder *folder, const char *name,
                              struct sg_error *why)
{
    folder->lock_fd =
        openat(folder->fd, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (folder->lock_fd < 0) {
        return fail(folder, name, "opened", why);
    }
    return flock(folder->lock_fd, LOCK_EX | LOCK_NB) == 0 ? SG_OK : SG_BUSY;
}

enum sg_status folder_lock(struct folder *folder, struct sg_error *why)
{
    enum sg_status status = folder_lock_by(folder, "lock", why);

    return status != SG_BUSY
               ? status
               : sg_fail(why, SG_BUSY,
                         "another witness works on %s: two would contradict each other, "
                         "so stop that one first",
                         folder->path);
}

void folder_close(struct folder *folder)
{
    close_fd(&folder->lock_fd);
    close_fd(&folder->fd);
    folder->fd = -1;
    folder->lock_fd = -1;
}

/* SG_TOO_LARGE: more comes than there is room for. */
static enum sg_status read_all(int fd, struct folder_room *room)
{
    uint8_t more;
    ssize_t got = 1;

    room->len = 0;
    while (got != 0) {
        bool full = room->len == room->cap;
        got = full ? read(fd, &more, 1)
                   : read(fd, room->data + room->len, room->cap - room->len);
        if (got < 0 && errno != EINTR) {
            return SG_IO;
        }
        if (got > 0 && full) {
            return SG_TOO_LARGE;
        }
        room->len += got > 0 ? (size_t)got : 0;
    }
    return SG_OK;
}

enum sg_status folder_read(const struct folder *folder, const char *name,
                           struct folder_room *room, struct sg_error *why)
{
    AUTO(close_fd)
    int fd = openat(folder->fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

    if (fd < 0 && errno == ENOENT) {
        return SG_NOT_FOUND;
    }
    if (fd < 0) {
        return fail(folder, name, "read", why);
    }
    enum sg_status status = read_all(fd, room);
    return status == SG_IO ? fail(folder, name, "read", why) : status;
}

/* A file of its own each time: after a sync that failed, pages of an older one may never
 * reach the disk, whatever a later sync says. */
static enum sg_status write_new(const struct folder *folder, const char *name,
                                struct slice bytes, struct sg_error *why)
{
    if (unlinkat(folder->fd, name, 0) != 0 && errno != ENOENT) {
        return fail(folder, name, "removed", why);
    }
    AUTO(close_fd)
    int fd = openat(folder->fd, name,
                    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return fail(folder, name, "made", why);
    }
    if (!write_all(fd, bytes)) {
        return fail(folder, name, "written", why);
    }
    return fsync(fd) == 0 ? SG_OK : fail(folder, name, "written to the disk", why);
}

enum sg_status folder_replace(const struct folder *folder, const char *name,
                              struct slice bytes, struct sg_error *why)
{
    char fresh[NAME_MAX_LEN];
    int len = snprintf(fresh, sizeof(fresh), "%s.new", name);

    MUST(len > 0 && (size_t)len < sizeof(fresh));
    TRY(write_new(folder, fresh, bytes, why));
    if (renameat(folder->fd, fresh, folder->fd, name) != 0) {
        return fail(folder, name, "replaced", why);
    }
    return fsync(folder->fd) == 0 ? SG_OK : fail(folder, name, "named on the disk", why);
}
