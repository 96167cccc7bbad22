#define _GNU_SOURCE /* strerror_r that returns the text */
#include "client/call/control.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "client/channel/channel.h"
#include "proto/passing.h"

enum { PACKET_MAX = 4096, LOOK_S = 10, LOGIN_S = 130 };

static void close_fd(const int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
    }
}

void control_free(Segel__Control__V1__ControlReply **reply)
{
    segel__control__v1__control_reply__free_unpacked(*reply, NULL);
}

static enum sg_status fail(const char *path, struct sg_error *why)
{
    char reason[128];
    bool denied = errno == EACCES || errno == EPERM;

    return sg_fail(why, denied ? SG_DENIED : SG_IO,
                   "the gateway's control socket %s cannot be used: %s; is the gateway "
                   "running, and is this what control.socket says%s?",
                   path, strerror_r(errno, reason, sizeof(reason)),
                   denied ? ", and are you in its control.group" : "");
}

static enum sg_status reach(const struct control_ask *ask, int *fd, struct sg_error *why)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    const struct timeval limit = {.tv_sec = ask->pipe >= 0 ? LOGIN_S : LOOK_S};

    if (strlen(ask->socket) >= sizeof(name.sun_path)) {
        errno = ENAMETOOLONG;
        return fail(ask->socket, why);
    }
    memcpy(name.sun_path, ask->socket, strlen(ask->socket));
    *fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    bool good =
        *fd >= 0 &&
        setsockopt(*fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) == 0 &&
        setsockopt(*fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) == 0 &&
        connect(*fd, (const struct sockaddr *)(const void *)&name, sizeof(name)) == 0;
    return good ? SG_OK : fail(ask->socket, why);
}

static bool send_ask(int fd, const struct control_ask *ask)
{
    Segel__Control__V1__ControlRequest request;
    uint8_t packet[PACKET_MAX];

    segel__control__v1__control_request__init(&request);
    request.lane = (char *)sg_unconst(ask->lane);
    request.enter = ask->pipe >= 0 && !ask->change;
    request.change = ask->change;
    request.last_try = ask->last_try;
    request.call_off = ask->call_off;
    if (segel__control__v1__control_request__get_packed_size(&request) > sizeof(packet)) {
        errno = EMSGSIZE;
        return false;
    }
    struct iovec part = {packet,
                         segel__control__v1__control_request__pack(&request, packet)};
    return passing_send(fd, &part, ask->pipe, 0) == (ssize_t)part.iov_len;
}

/* One that was refused at the door may get the reply before it could ask. */
static Segel__Control__V1__ControlReply *receive(int fd)
{
    uint8_t packet[PACKET_MAX];
    ssize_t got = 0;

    do { /* stopped and continued, it is broken off: signal(7) */
        got = recv(fd, packet, sizeof(packet), 0);
    } while (got < 0 && errno == EINTR);
    return got <= 0
               ? NULL
               : segel__control__v1__control_reply__unpack(NULL, (size_t)got, packet);
}

enum sg_status control_call(const struct control_ask *ask,
                            Segel__Control__V1__ControlReply **out, struct sg_error *why)
{
    AUTO(close_fd) int fd = -1;

    TRY(reach(ask, &fd, why));
    (void)send_ask(fd, ask);
    AUTO(control_free) Segel__Control__V1__ControlReply *reply = receive(fd);
    if (reply == NULL) {
        return sg_fail(why, SG_IO,
                       "the gateway did not answer on %s; 'segel token list' shows how "
                       "the lane is",
                       ask->socket);
    }
    if (reply->status != 0) {
        return sg_fail(why, channel_status_of((int)reply->status), "%.250s",
                       reply->sentence);
    }
    *out = reply;
    reply = NULL;
    return SG_OK;
}
