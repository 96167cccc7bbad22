#include "hsm/process/lock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <strings.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

static void close_directory(DIR **directory)
{
    if (*directory != NULL) {
        (void)closedir(*directory);
    }
}

/* SoftHSM's directory of a token is its UUID, whose last 16 digits are the serial number.
 */
static bool ends_in_serial(const char *name, const char *serial)
{
    char digits[NAME_MAX + 1];
    size_t len = 0;
    size_t wanted = strlen(serial);
    for (const char *at = name; *at != '\0' && len < NAME_MAX; at++) {
        if (*at != '-') {
            digits[len++] = *at;
        }
    }
    digits[len] = '\0';
    return wanted >= 8 && len >= wanted && strcasecmp(digits + len - wanted, serial) == 0;
}

/* SG_NOT_FOUND: the token has none of its own. */
static enum sg_status open_own(int parent, const char *serial, int *own)
{
    const struct dirent *entry;
    int listed = openat(parent, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    AUTO(close_directory) DIR *directory = listed < 0 ? NULL : fdopendir(listed);
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): the stream is ours alone */
    while (directory != NULL && (entry = readdir(directory)) != NULL) {
        if (ends_in_serial(entry->d_name, serial)) {
            *own = openat(parent, entry->d_name,
                          O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
            return *own >= 0 ? SG_OK : SG_NOT_FOUND;
        }
    }
    if (directory == NULL && listed >= 0) {
        (void)close(listed);
    }
    return SG_NOT_FOUND;
}

static enum sg_status busy(const struct token *token, enum lock_kind kind,
                           struct trouble *trouble)
{
    trouble->failure = FAILURE_DEVICE;
    trouble->rv = CKR_OK;
    return sg_fail(
        &trouble->why, SG_BUSY,
        kind == LOCK_LANE
            ? "a ceremony is under way on token '%s'"
            : "a lane or another ceremony uses token '%s': stop its lane first",
        token->label);
}

/* A process that was killed just now holds it until the kernel has cleared it away.
 * Returns an errno, 0 = it is ours. */
static int lock(int fd, enum lock_kind kind)
{
    enum { LOOKS = 40 };
    static const struct timespec pause = {.tv_nsec = 50000000};
    int error = 0;
    for (int i = 0; i < LOOKS; i++) {
        error =
            flock(fd, (kind == LOCK_LANE ? LOCK_SH : LOCK_EX) | LOCK_NB) == 0 ? 0 : errno;
        if (error != EWOULDBLOCK) {
            break;
        }
        (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
    }
    return error;
}

enum sg_status lock_directory(const struct token *token, const char *path,
                              enum lock_kind kind, struct trouble *trouble)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return trouble_config(trouble, "the token's directory %s cannot be opened: %s",
                              path, trouble_system(errno));
    }
    int own = fd;
    if (open_own(fd, token->serial, &own) == SG_OK) {
        (void)close(fd);
        fd = own;
    }
    /* The descriptor stays open for ever: it is the lock. */
    int error = lock(fd, kind);
    if (error == EWOULDBLOCK) {
        return busy(token, kind, trouble);
    }
    if (error != 0 && kind == LOCK_CEREMONY) {
        return trouble_config(trouble, "the token's directory %s cannot be locked: %s",
                              path, trouble_system(error));
    }
    return SG_OK;
}

enum sg_status lock_token(const struct token *token, const char (*directories)[PATH_MAX],
                          size_t count, enum lock_kind kind, struct trouble *trouble)
{
    for (size_t i = 0; i < count; i++) {
        TRY(lock_directory(token, directories[i], kind, trouble));
    }
    return SG_OK;
}
