#include "gateway/transport/passed.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/log.h"
#include "proto/text.h"

enum { FIRST_PASSED = 3, NAME_MAX_LEN = 255 };
static const char nameless[] = "unknown"; /* as sd_listen_fds(3) calls it */

struct passed {
    int fd; /* owned; -1: taken */
    char name[NAME_MAX_LEN + 1];
};

static struct passed passed[PASSED_MAX];
static size_t passed_count;

/* Before any thread is started. */
static const char *variable(const char *name)
{
    return getenv(name); /* NOLINT(concurrency-mt-unsafe) */
}

static void forget_variables(void)
{
    static const char *const names[] = {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"};

    for (size_t i = 0; i < SG_COUNT(names); i++) {
        (void)unsetenv(names[i]); /* NOLINT(concurrency-mt-unsafe) */
    }
}

static bool is_ours(void)
{
    const char *text = variable("LISTEN_PID");
    uint64_t pid = 0;

    return text != NULL && text_uint(slice_str(text), INT32_MAX, &pid) == SG_OK &&
           pid == (uint64_t)getpid();
}

/* Names are separated by colons; without any each is called "unknown". */
static void name_next(struct passed *one, const char **names)
{
    const char *from = *names == NULL ? nameless : *names;
    size_t len = strcspn(from, ":");

    len = len > NAME_MAX_LEN ? NAME_MAX_LEN : len;
    memcpy(one->name, from, len);
    one->name[len] = '\0';
    if (*names != NULL) {
        *names += strcspn(*names, ":");
        *names += **names == ':' ? 1 : 0;
    }
}

static enum sg_status collect(struct sg_error *why)
{
    const char *text = variable("LISTEN_FDS");
    const char *names = variable("LISTEN_FDNAMES");
    uint64_t count = 0;

    if (text == NULL || text_uint(slice_str(text), PASSED_MAX, &count) != SG_OK) {
        return sg_fail(why, SG_INVALID,
                       "LISTEN_FDS is '%s', which is no number up to %d; start segeld by "
                       "its socket unit",
                       text == NULL ? "" : text, PASSED_MAX);
    }
    for (uint64_t i = 0; i < count; i++) {
        struct passed *one = &passed[passed_count];
        one->fd = FIRST_PASSED + (int)i;
        name_next(one, &names);
        if (fcntl(one->fd, F_SETFD, FD_CLOEXEC) != 0) {
            return sg_fail(why, SG_INVALID,
                           "LISTEN_FDS says that %s sockets were passed, but descriptor "
                           "%d is not open; start segeld by its socket unit",
                           text, one->fd);
        }
        passed_count++;
    }
    return SG_OK;
}

enum sg_status passed_collect(struct sg_error *why)
{
    enum sg_status status = is_ours() ? collect(why) : SG_OK;

    forget_variables();
    return status;
}

static struct passed *find(const char *name)
{
    for (size_t i = 0; i < passed_count; i++) {
        if (passed[i].fd >= 0 && strcmp(passed[i].name, name) == 0) {
            return &passed[i];
        }
    }
    return NULL;
}

static int option_of(int fd, int name)
{
    int value = -1;
    socklen_t len = sizeof(value);

    return getsockopt(fd, SOL_SOCKET, name, &value, &len) == 0 ? value : -1;
}

/* A listening stream socket of the family that is meant: TLS is for the network, and
 * known users are on Unix sockets only. */
static bool suits(int fd, bool plain)
{
    int domain = option_of(fd, SO_DOMAIN);

    return option_of(fd, SO_ACCEPTCONN) == 1 && option_of(fd, SO_TYPE) == SOCK_STREAM &&
           (plain ? domain == AF_UNIX : domain == AF_INET || domain == AF_INET6);
}

enum sg_status passed_take(const char *name, bool plain, int *out, struct sg_error *why)
{
    struct passed *one = find(name);

    if (one == NULL || !suits(one->fd, plain)) {
        return sg_fail(why, SG_INVALID,
                       "systemd passed no %s named '%s'; look at FileDescriptorName= and "
                       "ListenStream= of the socket unit",
                       plain ? "listening Unix socket" : "listening TCP socket", name);
    }
    int flags = fcntl(one->fd, F_GETFL);
    if (flags < 0 || fcntl(one->fd, F_SETFL, flags | O_NONBLOCK) != 0) {
        return sg_fail(why, SG_IO, "the socket '%s' of systemd cannot be used", name);
    }
    *out = one->fd;
    one->fd = -1;
    return SG_OK;
}

void passed_close_rest(void)
{
    for (size_t i = 0; i < passed_count; i++) {
        if (passed[i].fd >= 0) {
            log_event(LOG_WARN, "listener.unused", "name", passed[i].name, "why",
                      "systemd passed this socket, and neither listen.address nor "
                      "listen.unix names it",
                      NULL);
            (void)close(passed[i].fd);
        }
    }
    passed_count = 0;
}
