#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/pdf/pdf.h"
#include "proto/write_all.h"

/* A file under its last name is whole and on the disk, or is not there. */

static void close_fd(const int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
    }
}

static enum sg_status fail(struct sg_error *why, const char *what, const char *path)
{
    char reason[128] = "unknown reason";
    int code = errno;

    (void)strerror_r(code, reason, sizeof(reason));
    return sg_fail(why, SG_IO, "cannot %s '%s': %s; check folder, rights and free space",
                   what, path, reason);
}

/* Whoever finds the .part of a run that was broken off may write over it; a symbolic
 * link there is not followed. */
static enum sg_status write_part(const char *part, struct slice input,
                                 struct slice appendix, struct sg_error *why)
{
    AUTO(close_fd)
    int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);

    if (fd < 0) {
        return fail(why, "create", part);
    }
    if (!write_all(fd, input) || !write_all(fd, appendix) || fsync(fd) != 0) {
        enum sg_status status = fail(why, "write", part);
        (void)unlink(part);
        return status;
    }
    return SG_OK;
}

/* The new name is on the disk only when the folder is. */
static enum sg_status sync_folder(const char *path, struct sg_error *why)
{
    char folder[PATH_MAX] = ".";
    const char *slash = strrchr(path, '/');

    if (slash != NULL) {
        int len = slash == path ? 1 : (int)(slash - path);
        (void)snprintf(folder, sizeof(folder), "%.*s", len, path);
    }
    AUTO(close_fd) int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0) {
        return fail(why, "write the folder", folder);
    }
    return SG_OK;
}

enum sg_status pdf_write(const char *path, struct slice input, struct slice appendix,
                         struct sg_error *why)
{
    char part[PATH_MAX];
    int len = snprintf(part, sizeof(part), "%s.part", path);

    if (len < 0 || (size_t)len >= sizeof(part)) {
        return sg_fail(why, SG_IO, "the file's path is too long: choose a shorter one");
    }
    TRY(write_part(part, input, appendix, why));
    if (rename(part, path) != 0) {
        enum sg_status status = fail(why, "rename to", path);
        (void)unlink(part);
        return status;
    }
    return sync_folder(path, why);
}
