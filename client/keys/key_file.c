#define _GNU_SOURCE /* strerror_r that returns the text */
#include "client/keys/key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/write_all.h"

void key_file_wipe(struct key_file *file)
{
    OPENSSL_cleanse(file, sizeof(*file));
}

static void close_fd(const int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
    }
}

static enum sg_status fail(const char *path, const char *doing, struct sg_error *why)
{
    char reason[128];

    return sg_fail(why, SG_IO, "%s cannot be %s (%s)", path, doing,
                   strerror_r(errno, reason, sizeof(reason)));
}

/* *name is what the file is called in it. */
static enum sg_status open_folder(const char *path, const char **name, int *fd,
                                  struct sg_error *why)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t len = slash == NULL ? 0 : (size_t)(slash - path) + 1;

    if (len >= sizeof(folder)) {
        errno = ENAMETOOLONG;
        return fail(path, "made", why);
    }
    memcpy(folder, path, len);
    folder[len] = '\0';
    *name = path + len;
    *fd = open(len == 0 ? "." : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return *fd >= 0 ? SG_OK : fail(path, "made", why);
}

enum sg_status key_file_make(const char *path, struct slice text, struct sg_error *why)
{
    const char *name = path;
    AUTO(close_fd) int folder = -1;

    TRY(open_folder(path, &name, &folder, why));
    AUTO(close_fd)
    int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
                    S_IRUSR | S_IWUSR);
    if (fd < 0 && errno == EEXIST) {
        return sg_fail(why, SG_CONFLICT,
                       "%s is there already, and a key is never overwritten: choose "
                       "another file",
                       path);
    }
    if (fd < 0) {
        return fail(path, "made", why);
    }
    /* A new name is durable only with its folder. */
    if (write_all(fd, text) && fsync(fd) == 0 && fsync(folder) == 0) {
        return SG_OK;
    }
    enum sg_status status = fail(path, "written", why);
    (void)unlinkat(folder, name, 0);
    return status;
}

static bool read_all(int fd, struct key_file *out)
{
    ssize_t got = 1;

    out->len = 0;
    while (got != 0 && out->len < sizeof(out->bytes)) {
        got = read(fd, out->bytes + out->len, sizeof(out->bytes) - out->len);
        if (got < 0 && errno != EINTR) {
            return false;
        }
        out->len += got > 0 ? (size_t)got : 0;
    }
    return true;
}

enum sg_status key_file_read(const char *path, struct key_file *out, struct sg_error *why)
{
    struct stat about;
    AUTO(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0 || fstat(fd, &about) != 0) {
        return fail(path, "read", why);
    }
    if ((about.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return sg_fail(why, SG_INVALID,
                       "%s may be used by others than its owner: chmod 600 it, and make "
                       "a new key if it was not meant to be so",
                       path);
    }
    if (!read_all(fd, out)) {
        return fail(path, "read", why);
    }
    return out->len < sizeof(out->bytes)
               ? SG_OK
               : sg_fail(why, SG_INVALID, "%s is too long for the file of a key", path);
}
