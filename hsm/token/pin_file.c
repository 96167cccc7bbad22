#include "hsm/token/pin_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void close_fd(const int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
    }
}

static bool name(const char *path, const char *end, char out[PATH_MAX])
{
    return snprintf(out, PATH_MAX, "%s%s", path, end) < PATH_MAX;
}

static enum sg_status cannot(const char *path, struct trouble *trouble)
{
    return trouble_config(trouble,
                          "the PIN file %s cannot be replaced: %s; its folder must be "
                          "writable to the gateway's user",
                          path, trouble_system(errno));
}

/* The directory's entries are on the disk. */
static bool sync_folder(const char *path)
{
    char folder[PATH_MAX];
    const char *end = strrchr(path, '/');
    size_t len = end == NULL ? 0 : (size_t)(end - path);

    (void)snprintf(folder, sizeof(folder), "%.*s", (int)(len == 0 ? 1 : len),
                   end == NULL ? "." : path);
    AUTO(close_fd) int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd >= 0 && fsync(fd) == 0;
}

static bool move(const char *from, const char *to)
{
    return rename(from, to) == 0 && sync_folder(to);
}

/* Written while nobody else may read it; FILE's mode comes last. */
static bool fill(int fd, const struct stat *like, const struct pin *pin)
{
    return (like->st_gid == getegid() || fchown(fd, (uid_t)-1, like->st_gid) == 0) &&
           write(fd, pin->data, pin->len) == (ssize_t)pin->len &&
           write(fd, "\n", 1) == 1 && fchmod(fd, like->st_mode & 07777) == 0 &&
           fsync(fd) == 0;
}

static bool write_new(const char *path, const char *new, const struct pin *pin)
{
    struct stat like;

    if (lstat(path, &like) != 0) {
        return false;
    }
    if (!S_ISREG(like.st_mode)) { /* a rename would take the link away */
        errno = ELOOP;
        return false;
    }
    AUTO(close_fd)
    int fd = open(new, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    return fd >= 0 && fill(fd, &like, pin);
}

enum sg_status pin_file_stage(const char *path, const struct pin *pin,
                              struct trouble *trouble)
{
    char new[PATH_MAX];
    char try[PATH_MAX];

    if (!name(path, ".new", new) || !name(path, ".try", try)) {
        errno = ENAMETOOLONG;
        return cannot(path, trouble);
    }
    pin_file_drop(path);
    if (!write_new(path, new, pin) || !move(new, try)) {
        enum sg_status status = cannot(path, trouble);
        pin_file_drop(path);
        return status;
    }
    return SG_OK;
}

enum sg_status pin_file_promote(const char *path, struct trouble *trouble)
{
    char try[PATH_MAX];

    return name(path, ".try", try) && move(try, path)
               ? SG_OK
               : trouble_config(trouble,
                                "the token has its new PIN, which stands in %s.try and "
                                "could not take the place of %s: %s; move it there",
                                path, path, trouble_system(errno));
}

void pin_file_drop(const char *path)
{
    char one[PATH_MAX];

    if (name(path, ".new", one)) {
        (void)unlink(one);
    }
    if (name(path, ".try", one)) {
        (void)unlink(one);
    }
}

bool pin_file_tried(const char *path, char out[PATH_MAX])
{
    struct stat about;

    return name(path, ".try", out) && lstat(out, &about) == 0;
}
