#define _GNU_SOURCE  /* NOLINT(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) \
                      */
#include "gateway/service/control/link.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/clock.h"
#include "gateway/service/health/serving.h"
#include "segel/control/v1/control.pb-c.h"

enum {
    PACKET_MAX = 4096,
    PIN_BYTES_MAX = 255,
    SILENCE_US = 5000000,
    DENIED_US = 500000,  /* a place is not kept for those who may not be here */
    LOGIN_US = 120000000 /* the longest wait to say what came of a login */
};

/* --- Life --------------------------------------------------------------------------- */

void control_link_open(struct control_link *link, int fd, unsigned uid, bool denied)
{
    *link = (struct control_link){
        .fd = fd, .uid = uid, .since_us = clock_mono_us(), .denied = denied};
}

void control_link_close(struct control_link *link)
{
    if (link->fd >= 0) {
        (void)close(link->fd);
    }
    *link = (struct control_link){.fd = -1};
}

static void close_fd(const int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
    }
}

/* --- Replies ------------------------------------------------------------------------ */

static char *text(const char *borrowed)
{
    return (char *)sg_unconst(borrowed);
}

static void send_reply(struct control_link *link,
                       const Segel__Control__V1__ControlReply *reply)
{
    uint8_t packet[PACKET_MAX];

    MUST(segel__control__v1__control_reply__get_packed_size(reply) <= sizeof(packet));
    size_t len = segel__control__v1__control_reply__pack(reply, packet);
    if (send(link->fd, packet, len, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)len) {
        control_link_close(link);
    }
}

static void say(struct control_link *link, enum sg_status status, const char *sentence)
{
    Segel__Control__V1__ControlReply reply;

    segel__control__v1__control_reply__init(&reply);
    reply.status = (uint32_t)sg_status_grpc(status);
    reply.sentence = text(sentence);
    send_reply(link, &reply);
}

static void show(struct control_link *link, const struct pin_view *view)
{
    Segel__Control__V1__ControlReply reply;

    segel__control__v1__control_reply__init(&reply);
    reply.sentence = text(view->why);
    reply.awaits_pin = view->state == LANE_AWAITING || view->ceremony;
    reply.state = text(serving_lane_state(view->ceremony ? LANE_AWAITING : view->state));
    reply.awaits_change = view->change;
    reply.awaits_old = view->typed;
    reply.token_label = text(view->token.label);
    reply.token_serial = text(view->token.serial);
    reply.pin_count_low = (view->token.flags & TOKEN_PIN_COUNT_LOW) != 0;
    reply.pin_final_try = (view->token.flags & TOKEN_PIN_FINAL_TRY) != 0;
    reply.pin_failures = view->failures;
    send_reply(link, &reply);
}

/* --- Requests ----------------------------------------------------------------------- */

/* What may be a PIN: the reading end of a pipe that holds a few bytes. They are not
 * looked at here. */
static bool is_pin(int fd)
{
    struct stat about;
    int waiting = 0;

    return fd >= 0 && fstat(fd, &about) == 0 && S_ISFIFO(about.st_mode) &&
           (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY &&
           ioctl(fd, FIONREAD, &waiting) == 0 && waiting > 0 && waiting <= PIN_BYTES_MAX;
}

static void enter(struct control_link *link, struct core *core,
                  const Segel__Control__V1__ControlRequest *request, int pipe)
{
    struct sg_error why = {0};
    const struct pin_entry entry = {pipe, request->last_try != 0, link->uid};

    struct pin_view view = {.ceremony = false};

    if (!is_pin(pipe)) {
        say(link, SG_INVALID, "a PIN comes as a pipe that holds 1 to 255 bytes");
        return;
    }
    enum sg_status status = core_pin_look(core, request->lane, &view, &why);
    status = status == SG_OK ? core_pin_enter(core, request->lane, &entry, &why) : status;
    if (status == SG_OK && view.ceremony) {
        say(link, SG_OK, "the ceremony has it; the lane asks for it again afterwards");
    } else if (status == SG_OK) {
        (void)snprintf(link->lane, sizeof(link->lane), "%s", request->lane);
    } else {
        say(link, status, why.text);
    }
}

static void change(struct control_link *link, struct core *core,
                   const Segel__Control__V1__ControlRequest *request, int pipe)
{
    struct sg_error why = {0};
    const struct pin_entry entry = {pipe, request->last_try != 0, link->uid};

    if (!is_pin(pipe)) {
        say(link, SG_INVALID, "PINs come as a pipe that holds 1 to 255 bytes");
        return;
    }
    enum sg_status status = core_pin_change(core, request->lane, &entry, &why);
    if (status == SG_OK) {
        (void)snprintf(link->lane, sizeof(link->lane), "%s", request->lane);
        link->change = true;
    } else {
        say(link, status, why.text);
    }
}

static void call_off(struct control_link *link, struct core *core,
                     const Segel__Control__V1__ControlRequest *request)
{
    struct sg_error why = {0};
    enum sg_status status = core_pin_call_off(core, request->lane, link->uid, &why);

    say(link, status, status == SG_OK ? "the ceremony is called off" : why.text);
}

static void obey(struct control_link *link, struct core *core,
                 const Segel__Control__V1__ControlRequest *request, int pipe)
{
    struct pin_view view;
    struct sg_error why = {0};

    if (link->denied) { /* closed with its packet unread it would not hear why */
        say(link, SG_DENIED,
            "this socket is for root, the gateway's own user and control.group");
        control_link_close(link);
        return;
    }
    if (request == NULL || strlen(request->lane) >= sizeof(link->lane)) {
        control_link_close(link);
        return;
    }
    if (request->enter != 0) {
        enter(link, core, request, pipe);
        return;
    }
    if (request->change != 0) {
        change(link, core, request, pipe);
        return;
    }
    if (request->call_off != 0) {
        call_off(link, core, request);
        return;
    }
    enum sg_status status = core_pin_look(core, request->lane, &view, &why);
    if (status == SG_OK) {
        show(link, &view);
    } else {
        say(link, status, why.text);
    }
}

/* The one descriptor that came along, or -1. */
static int passed_with(struct msghdr *header)
{
    const struct cmsghdr *item = CMSG_FIRSTHDR(header);
    int fd = -1;

    if (item != NULL && item->cmsg_level == SOL_SOCKET && item->cmsg_type == SCM_RIGHTS &&
        item->cmsg_len == CMSG_LEN(sizeof(int))) {
        memcpy(&fd, CMSG_DATA(item), sizeof(fd));
    }
    return fd;
}

/* Bytes of the next packet; 0: the peer has gone, or broke the rules; -1: none yet. */
static ssize_t receive(const struct control_link *link, uint8_t packet[PACKET_MAX],
                       int *pipe)
{
    union {
        struct cmsghdr align;
        uint8_t bytes[CMSG_SPACE(sizeof(int))];
    } control = {.bytes = {0}};
    struct iovec part = {packet, PACKET_MAX};
    struct msghdr header = {.msg_iov = &part,
                            .msg_iovlen = 1,
                            .msg_control = control.bytes,
                            .msg_controllen = CMSG_LEN(sizeof(int))}; /* no second */
    ssize_t got = recvmsg(link->fd, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

    if (got < 0) {
        return errno == EAGAIN || errno == EINTR ? -1 : 0;
    }
    *pipe = passed_with(&header);
    return (header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0 ? got : 0;
}

static void take(struct control_link *link, struct core *core, int64_t now_us)
{
    uint8_t packet[PACKET_MAX];
    AUTO(close_fd) int pipe = -1;
    ssize_t got = receive(link, packet, &pipe);
    int64_t limit_us = link->denied ? DENIED_US : SILENCE_US;

    if (got == 0 || (got < 0 && now_us - link->since_us > limit_us)) {
        control_link_close(link);
    }
    if (got <= 0) {
        return;
    }
    link->since_us = now_us;
    Segel__Control__V1__ControlRequest *request =
        segel__control__v1__control_request__unpack(NULL, (size_t)got, packet);
    obey(link, core, request, pipe);
    segel__control__v1__control_request__free_unpacked(request, NULL);
}

/* --- What came of a login ----------------------------------------------------------- */

static bool under_way(enum lane_state state)
{
    return state == LANE_STARTING || state == LANE_TRYING;
}

static void look_after(struct control_link *link, struct core *core, int64_t now_us)
{
    struct pin_view view = {.state = LANE_DOWN};
    struct sg_error why = {0};
    enum sg_status status = core_pin_look(core, link->lane, &view, &why);

    if (status == SG_OK && under_way(view.state) && now_us - link->since_us < LOGIN_US) {
        return;
    }
    link->lane[0] = '\0';
    link->since_us = now_us;
    if (status != SG_OK) {
        say(link, status, why.text);
    } else if (view.state == LANE_UP) {
        show(link, &view);
    } else if (under_way(view.state)) {
        say(link, SG_TIMEOUT, "the token has not answered yet; see 'segel token list'");
    } else {
        say(link, view.state == LANE_LATCHED ? SG_PRECONDITION : SG_HSM, view.why);
    }
}

static void look_after_change(struct control_link *link, struct core *core,
                              int64_t now_us)
{
    struct sg_error why = {0};
    enum sg_status status = core_pin_changed(core, &why);

    if (status == SG_BUSY && now_us - link->since_us < LOGIN_US) {
        return;
    }
    link->lane[0] = '\0';
    link->change = false;
    link->since_us = now_us;
    if (status == SG_OK) {
        say(link, status, "the token has its new PIN"); /* no reply is without a byte */
        return;
    }
    say(link, status == SG_BUSY ? SG_TIMEOUT : status,
        status == SG_BUSY ? "the token has not answered yet; the log tells what comes of "
                            "it (pin.change)"
                          : why.text);
}

void control_link_tick(struct control_link *link, struct core *core, int64_t now_us)
{
    if (link->fd < 0) {
        return;
    }
    if (link->change) {
        look_after_change(link, core, now_us);
    } else if (link->lane[0] != '\0') {
        look_after(link, core, now_us);
    } else {
        take(link, core, now_us);
    }
}
