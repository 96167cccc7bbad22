#define _GNU_SOURCE  /* NOLINT(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) \
                      */
#include "gateway/transport/socket_file.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { UNIX_MODE = 0660 };

static enum sg_status path_failed(struct sg_error *why, const char *path)
{
    char reason[128];
    const char *text = strerror_r(errno, reason, sizeof(reason));

    return sg_fail(why, SG_IO,
                   "cannot listen on the Unix socket %s: %s; check the folder and its "
                   "rights",
                   path, text);
}

/* Whether a server listens there now. Only then it would be wrong to take its place. */
static bool answers(const struct address *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    bool alive = fd >= 0 &&
                 (connect(fd, &address->any, address->len) == 0 || errno != ECONNREFUSED);

    if (fd >= 0) {
        (void)close(fd);
    }
    return alive;
}

static enum sg_status clear_path(const struct address *address, struct sg_error *why)
{
    const char *path = address->local.sun_path;
    struct stat found;

    if (lstat(path, &found) != 0) {
        return errno == ENOENT ? SG_OK : path_failed(why, path);
    }
    if (!S_ISSOCK(found.st_mode)) {
        return sg_fail(why, SG_INVALID,
                       "%s is there already and is not a socket; choose another path",
                       path);
    }
    if (answers(address)) {
        return sg_fail(why, SG_IO, "another server listens on the Unix socket %s", path);
    }
    return unlink(path) == 0 ? SG_OK : path_failed(why, path);
}

/* Nobody can connect before listen: the mode is right by then. */
enum sg_status socket_file_bind(struct socket_file *file, int fd,
                                const struct address *address, mode_t mode,
                                struct sg_error *why)
{
    const char *path = address->local.sun_path;

    TRY(clear_path(address, why));
    if (bind(fd, &address->any, address->len) != 0) {
        return path_failed(why, path);
    }
    memcpy(file->path, path, strlen(path) + 1);
    bool good =
        chmod(path, mode == 0 ? UNIX_MODE : mode) == 0 && lstat(path, &file->made) == 0;
    return good ? SG_OK : path_failed(why, path);
}

/* The file goes with its server, unless another one has taken the place. */
void socket_file_remove(const struct socket_file *file)
{
    struct stat found;

    if (file->path[0] != '\0' && lstat(file->path, &found) == 0 &&
        found.st_dev == file->made.st_dev && found.st_ino == file->made.st_ino) {
        (void)unlink(file->path);
    }
}
