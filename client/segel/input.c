#include "client/segel/input.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static void close_fd(const int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
    }
}

static int unreadable(struct segel_error *error, const char *path)
{
    char text[128] = "unknown reason";
    int code = errno;

    (void)strerror_r(code, text, sizeof(text));
    return error_set(error, SEGEL_FILE, "unreadable", "%s cannot be read: %s", path,
                     code == ENOENT ? "there is no such file" : text);
}

size_t input_size(const char *path)
{
    struct stat facts;

    return stat(path, &facts) == 0 && facts.st_size > 0 ? (size_t)facts.st_size : 0;
}

/* Up to len bytes; *done: how many there were. */
static bool read_all(int fd, uint8_t *out, size_t len, size_t *done)
{
    while (*done < len) {
        ssize_t got = read(fd, out + *done, len - *done);
        if (got == 0) {
            return true;
        }
        if (got > 0) {
            *done += (size_t)got;
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

static int read_open(struct input *input, int fd, const char *path,
                     struct segel_error *error)
{
    struct stat facts;
    size_t done = 0;

    if (fstat(fd, &facts) != 0) {
        return unreadable(error, path);
    }
    if (!S_ISREG(facts.st_mode)) {
        return error_set(error, SEGEL_FILE, "unreadable",
                         "%s cannot be read: it is no file", path);
    }
    if (facts.st_size > INPUT_MAX) {
        return error_set(error, SEGEL_FILE, "unreadable",
                         "%s is larger than %d bytes: such letters are not read", path,
                         INPUT_MAX);
    }
    size_t len = (size_t)facts.st_size;
    if (pages_take(len, &input->pages) != SG_OK) {
        return error_memory(error);
    }
    if (!read_all(fd, (uint8_t *)input->pages.at, len, &done)) {
        return unreadable(error, path);
    }
    input->bytes = slice_of(input->pages.at, done);
    return SEGEL_OK;
}

int input_read(struct input *input, const char *path, struct segel_error *error)
{
    /* Not blocked by a pipe that somebody put there. */
    AUTO(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    return fd < 0 ? unreadable(error, path) : read_open(input, fd, path, error);
}

void input_fini(struct input *input)
{
    pages_give(&input->pages);
    *input = (struct input){.bytes = {0}};
}
