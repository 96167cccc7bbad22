#include "hsm/token/pin.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUFFER = PIN_MAX + 3 }; /* room for "\r\n" and one byte that says "too long" */

static void close_fd(const int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
    }
}

void pin_wipe(struct pin *pin)
{
    OPENSSL_secure_clear_free(pin->data, BUFFER);
    *pin = (struct pin){0};
}

static enum sg_status check_file(int fd, const char *path, struct trouble *trouble)
{
    struct stat file;
    if (fstat(fd, &file) != 0 || !S_ISREG(file.st_mode)) {
        return trouble_config(trouble, "the PIN file %s is not a regular file", path);
    }
    if ((file.st_mode & S_IRWXO) != 0) {
        return trouble_config(
            trouble,
            "the PIN file %s is open to everybody on this machine; run: "
            "chmod 0400 %s",
            path, path);
    }
    return SG_OK;
}

static enum sg_status read_all(int fd, struct pin *pin)
{
    while (pin->len < BUFFER) {
        ssize_t got = read(fd, pin->data + pin->len, BUFFER - pin->len);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return SG_IO;
        }
        if (got == 0) {
            break;
        }
        pin->len += (size_t)got;
    }
    return SG_OK;
}

static void cut_line_end(struct pin *pin)
{
    if (pin->len > 0 && pin->data[pin->len - 1] == '\n') {
        pin->len--;
    }
    if (pin->len > 0 && pin->data[pin->len - 1] == '\r') {
        pin->len--;
    }
}

static enum sg_status make_room(struct pin *pin, struct trouble *trouble)
{
    *pin = (struct pin){.data = OPENSSL_secure_malloc(BUFFER)};
    return pin->data != NULL
               ? SG_OK
               : trouble_config(trouble,
                                "there is no locked memory left to hold the PIN");
}

static enum sg_status fill(int fd, const char *path, struct pin *pin,
                           struct trouble *trouble)
{
    TRY(check_file(fd, path, trouble));
    TRY(make_room(pin, trouble));
    if (read_all(fd, pin) != SG_OK) {
        return trouble_config(trouble, "the PIN file %s cannot be read", path);
    }
    cut_line_end(pin);
    if (pin->len == 0 || pin->len > PIN_MAX) {
        return trouble_config(trouble, "the PIN file %s must hold 1 to %d characters",
                              path, PIN_MAX);
    }
    return SG_OK;
}

enum sg_status pin_read(const char *path, struct pin *pin, struct trouble *trouble)
{
    AUTO(close_fd) int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        return trouble_config(trouble, "the PIN file %s cannot be opened: %s", path,
                              trouble_system(errno));
    }
    *pin = (struct pin){0};
    enum sg_status status = fill(fd, path, pin, trouble);
    if (status != SG_OK) {
        pin_wipe(pin);
    }
    return status;
}

/* Not a fault of the configuration: the lane comes again and awaits another one. */
static enum sg_status not_whole(struct trouble *trouble)
{
    trouble->failure = FAILURE_DEVICE;
    return sg_fail(&trouble->why, SG_INVALID,
                   "the PIN that was entered did not come whole, or has not 1 to %d "
                   "characters; no login was tried",
                   PIN_MAX);
}

static enum sg_status drain(int fd, struct pin *pin, struct trouble *trouble)
{
    struct stat about;
    bool pipe = fd >= 0 && fstat(fd, &about) == 0 && S_ISFIFO(about.st_mode) &&
                fcntl(fd, F_SETFL, O_NONBLOCK) == 0;
    if (!pipe) {
        return not_whole(trouble);
    }
    TRY(make_room(pin, trouble));
    /* Nothing yet, and nobody who could still write: the end. Else it fails (EAGAIN). */
    if (read_all(fd, pin) != SG_OK || pin->len == 0 || pin->len > PIN_MAX) {
        return not_whole(trouble);
    }
    return SG_OK;
}

enum sg_status pin_take(int fd, struct pin *pin, struct trouble *trouble)
{
    AUTO(close_fd) int mine = fd;
    *pin = (struct pin){0};
    enum sg_status status = drain(mine, pin, trouble);
    if (status != SG_OK) {
        pin_wipe(pin);
    }
    return status;
}

enum sg_status pin_split(struct pin *pin, struct pin *rest, struct trouble *trouble)
{
    const uint8_t *cut = memchr(pin->data, '\n', pin->len);
    size_t first = cut == NULL ? 0 : (size_t)(cut - pin->data);

    if (first == 0 || first + 1 == pin->len) {
        return not_whole(trouble);
    }
    TRY(make_room(rest, trouble));
    rest->len = pin->len - first - 1;
    memcpy(rest->data, cut + 1, rest->len);
    OPENSSL_cleanse(pin->data + first, pin->len - first);
    pin->len = first;
    return SG_OK;
}
