#define _GNU_SOURCE /* O_CLOEXEC, O_NOFOLLOW */
#include "gateway/status/keep.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/write_all.h"

static void close_fd(int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
    }
}

static enum sg_status failed(const char *what, const char *path, struct sg_error *why)
{
    char reason[128] = "";
    int error = errno;

    return sg_fail(why, error == ENOENT ? SG_NOT_FOUND : SG_IO, "cannot %s %s: %s", what,
                   path, strerror_r(error, reason, sizeof(reason)));
}

static enum sg_status path_of(const char *dir, const char *name, const char *end,
                              char out[PATH_MAX], struct sg_error *why)
{
    int len = snprintf(out, PATH_MAX, "%s/%s%s", dir, name, end);

    return len > 0 && len < PATH_MAX
               ? SG_OK
               : sg_fail(why, SG_INVALID, "the path status.dir is too long");
}

enum sg_status keep_open(const char *dir, struct sg_error *why)
{
    if (mkdir(dir, 0700) != 0 && errno != EEXIST) {
        return failed("make the directory status.dir", dir, why);
    }
    return access(dir, R_OK | W_OK | X_OK) == 0
               ? SG_OK
               : failed("use the directory status.dir", dir, why);
}

static enum sg_status write_beside(const char *path, struct slice der,
                                   struct sg_error *why)
{
    AUTO(close_fd)
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0 || !write_all(fd, der) || fsync(fd) != 0) {
        return failed("write", path, why);
    }
    return SG_OK;
}

enum sg_status keep_write(const char *dir, const char *name, struct slice der,
                          struct sg_error *why)
{
    char path[PATH_MAX];
    char beside[PATH_MAX];

    TRY(path_of(dir, name, "", path, why));
    TRY(path_of(dir, name, ".new", beside, why));
    TRY(write_beside(beside, der, why));
    if (rename(beside, path) != 0) {
        return failed("rename", beside, why);
    }
    AUTO(close_fd) int folder = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return folder >= 0 && fsync(folder) == 0 ? SG_OK : failed("sync", dir, why);
}

static bool read_whole(int fd, uint8_t *data, size_t len)
{
    for (size_t at = 0; at < len;) {
        ssize_t done = read(fd, data + at, len - at);
        if (done == 0 || (done < 0 && errno != EINTR)) {
            return false;
        }
        at += done > 0 ? (size_t)done : 0;
    }
    return true;
}

void kept_fini(struct kept *kept)
{
    free(kept->data);
    *kept = (struct kept){0};
}

enum sg_status keep_read(const char *dir, const char *name, struct kept *out,
                         struct sg_error *why)
{
    char path[PATH_MAX];
    struct stat about;

    TRY(path_of(dir, name, "", path, why));
    AUTO(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &about) != 0) {
        return failed("read", path, why);
    }
    if (!S_ISREG(about.st_mode) || about.st_size <= 0 ||
        (size_t)about.st_size > out->max) {
        return sg_fail(why, SG_INVALID, "%s is no file, empty, or larger than %zu bytes",
                       path, out->max);
    }
    out->len = (size_t)about.st_size;
    out->data = (uint8_t *)malloc(out->len);
    return out->data != NULL && read_whole(fd, out->data, out->len)
               ? SG_OK
               : failed("read", path, why);
}
