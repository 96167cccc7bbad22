#include "gateway/transport/passed.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>

static int find_passed(const char *name)
{
    char **names = NULL;
    int count = sd_listen_fds_with_names(0, &names);
    int found = -1;

    for (int i = 0; i < count; i++) {
        if (found < 0 && strcmp(names[i], name) == 0) {
            found = SD_LISTEN_FDS_START + i;
        }
        free(names[i]);
    }
    free((void *)names);
    return found;
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
    int fd = find_passed(name);

    if (fd < 0 || !suits(fd, plain)) {
        return sg_fail(why, SG_INVALID,
                       "systemd passed no %s named '%s'; look at FileDescriptorName= and "
                       "ListenStream= of the socket unit",
                       plain ? "listening Unix socket" : "listening TCP socket", name);
    }
    int flags = fcntl(fd, F_GETFL);
    bool good = flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 &&
                fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
    *out = fd;
    return good ? SG_OK
                : sg_fail(why, SG_IO, "the socket '%s' of systemd cannot be used", name);
}
