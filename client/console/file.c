#define _GNU_SOURCE /* NOLINT: the name is the C library's; mkostemp */
#include "client/console/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *error_text(int error)
{
    switch (error) {
    case ENOENT:
        return "there is no such file";
    case EACCES:
    case EPERM:
        return "you may not read it";
    case EISDIR:
        return "it is a folder";
    default:
        return "the system reports an error";
    }
}

enum sg_status file_unreadable(const char *path, int error, struct sg_error *why)
{
    return sg_fail(why, SG_IO, "%s cannot be read: %s", path, error_text(error));
}

static void close_file(const int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
    }
}

/* Where to begin: with the size that the file has now. It may change while we read: what
 * counts is what was read. */
static size_t expected_size(int fd, size_t max)
{
    struct stat about;

    if (fstat(fd, &about) != 0 || about.st_size <= 0 || (uint64_t)about.st_size > max) {
        return 4096;
    }
    return (size_t)about.st_size + 1; /* one more shows the end without growing */
}

static enum sg_status make_room(struct file_bytes *bytes, size_t *cap)
{
    if (bytes->len < *cap && bytes->data != NULL) {
        return SG_OK;
    }
    size_t wanted = bytes->data == NULL ? *cap : *cap * 2;
    uint8_t *data = (uint8_t *)realloc(bytes->data, wanted + 1);
    if (data == NULL) {
        return SG_NO_MEMORY;
    }
    bytes->data = data;
    *cap = wanted;
    return SG_OK;
}

static enum sg_status read_all(int fd, size_t max, struct file_bytes *out)
{
    size_t cap = expected_size(fd, max);
    ssize_t got = 1;

    while (got != 0 && out->len <= max) {
        TRY(make_room(out, &cap));
        got = read(fd, out->data + out->len, cap - out->len);
        if (got < 0 && errno != EINTR) {
            return SG_IO;
        }
        out->len += got > 0 ? (size_t)got : 0;
    }
    out->data[out->len] = '\0';
    return out->len > max ? SG_TOO_LARGE : SG_OK;
}

/* Names of what the shell, or whoever started us, has opened: somebody writes there. */
static bool is_handed_over(const char *path)
{
    static const char *const names[] = {"/dev/fd/", "/dev/stdin", "/proc/self/fd/"};

    for (size_t i = 0; i < SG_COUNT(names); i++) {
        if (strncmp(path, names[i], strlen(names[i])) == 0) {
            return true;
        }
    }
    return false;
}

/* Opening a pipe waits for whoever writes to it, and reading it, too: a pipe that lies
 * among letters would be waited for to the end of days. */
enum sg_status file_open(const char *path, int *out, struct sg_error *why)
{
    struct stat about;
    bool waits = is_handed_over(path);
    int fd = open(path, O_RDONLY | O_CLOEXEC | (waits ? 0 : O_NONBLOCK));

    if (fd < 0 || fstat(fd, &about) != 0) {
        int error = errno;
        close_file(&fd);
        return file_unreadable(path, error, why);
    }
    if (!waits && S_ISFIFO(about.st_mode)) {
        close_file(&fd);
        return sg_fail(why, SG_IO, "%s cannot be read: it is no file", path);
    }
    *out = fd;
    return SG_OK;
}

enum sg_status file_read(const char *path, size_t max, struct file_bytes *out,
                         struct sg_error *why)
{
    struct file_bytes bytes = {0};
    AUTO(close_file) int fd = -1;

    TRY(file_open(path, &fd, why));
    enum sg_status status = read_all(fd, max, &bytes);
    if (status == SG_OK) {
        *out = bytes;
        return SG_OK;
    }
    int error = errno;
    file_free(&bytes);
    return status == SG_IO ? file_unreadable(path, error, why)
                           : sg_fail(why, status, "%s cannot be read: %s", path,
                                     sg_status_text(status));
}

void file_free(struct file_bytes *bytes)
{
    free(bytes->data);
    *bytes = (struct file_bytes){0};
}

const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == NULL ? path : slash + 1;
}

bool file_same(const char *a, const char *b)
{
    struct stat about_a;
    struct stat about_b;

    return stat(a, &about_a) == 0 && stat(b, &about_b) == 0 &&
           about_a.st_dev == about_b.st_dev && about_a.st_ino == about_b.st_ino;
}

bool file_exists(const char *path)
{
    struct stat about;

    return lstat(path, &about) == 0;
}

bool file_fits(const char *path, const char *more)
{
    size_t len = strlen(more);

    return strlen(path) + len < PATH_MAX && strlen(file_name(path)) + len <= NAME_MAX;
}

enum sg_status file_make_dir(const char *path, struct sg_error *why)
{
    struct stat about;

    if (stat(path, &about) == 0 && S_ISDIR(about.st_mode)) {
        return SG_OK;
    }
    if (mkdir(path, 0777) != 0) {
        return sg_fail(why, SG_IO,
                       "the folder %s is not there and cannot be made: make it first, "
                       "or choose another",
                       path);
    }
    return SG_OK;
}

/* tmpfile() does not look at TMPDIR. */
FILE *file_nameless(void)
{
    const char *below = getenv("TMPDIR"); /* NOLINT(concurrency-mt-unsafe): one thread */
    char path[PATH_MAX];
    int len = snprintf(path, sizeof(path), "%s/segel-XXXXXX",
                       below == NULL || below[0] == '\0' ? "/tmp" : below);
    int fd = len < PATH_MAX ? mkostemp(path, O_CLOEXEC) : -1;

    if (fd < 0) {
        return NULL;
    }
    (void)unlink(path);
    FILE *file = fdopen(fd, "w+");
    if (file == NULL) {
        (void)close(fd);
    }
    return file;
}
