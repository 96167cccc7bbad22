#include "client/channel/channel.h"

#include <errno.h>
#include <openssl/err.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "client/channel/internal.h"
#include "client/channel/moment.h"
#include "client/channel/sentence.h"

enum {
    CONNECT_MS = 10000,
    STUCK_US = 1000000 /* how long a call that is given up waits for a peer that reads */
};

static const char no_http2[] =
    "what answers there does not speak HTTP/2 as a gRPC server does";

bool channel_given_up(const struct channel *channel)
{
    return channel->given_up != NULL && atomic_load(channel->given_up);
}

int channel_look_ms(const struct channel *channel, int64_t left_ms)
{
    bool whole =
        channel->given_up == NULL || (left_ms >= 0 && left_ms < (int64_t)CHANNEL_LOOK_MS);

    return whole ? (int)left_ms : CHANNEL_LOOK_MS;
}

/* --- Losing the connection --------------------------------------------------------- */

/* One that was given up here ends as that said, whatever became of the connection. */
static void end_calls(struct channel *channel, const char *text)
{
    struct channel_call *call;

    while ((call = LIST_FIRST(&channel->calls)) != NULL) {
        struct call_status status = {.grpc_code = -1, .text = text};
        if (call->given_up) {
            status.grpc_code = call->reply.grpc_code;
            status.text = call->reply.text;
        }
        channel_call_end(call, &status);
    }
}

static enum sg_status lose(struct channel *channel)
{
    channel->lost = true;
    end_calls(channel, channel->reason.text);
    return SG_IO;
}

/* The reason that came first is the true one: what follows a GOAWAY is its effect. */
static enum sg_status lose_because(struct channel *channel, const char *text)
{
    if (channel->reason.text[0] == '\0') {
        sentence(&channel->reason, "%s: %s", channel->authority, text);
    }
    return lose(channel);
}

static enum sg_status lose_by_tls(struct channel *channel)
{
    if (channel->reason.text[0] == '\0') {
        channel_tls_reason(channel, &channel->reason);
    }
    return lose(channel);
}

/* --- Writing ----------------------------------------------------------------------- */

/* Gathers frames until a TLS record is full: a record of its own for each small frame
 * would cost a system call each. */
static enum sg_status fill_stage(struct channel *channel)
{
    while (channel->stage_len < CHANNEL_RECORD) {
        const uint8_t *frame = NULL;
        ssize_t len = nghttp2_session_mem_send(channel->session, &frame);
        if (len == 0) {
            return SG_OK;
        }
        if (len < 0 || (size_t)len > sizeof(channel->stage) - channel->stage_len) {
            return lose_because(channel, "HTTP/2 cannot go on: no memory");
        }
        memcpy(channel->stage + channel->stage_len, frame, (size_t)len);
        channel->stage_len += (size_t)len;
    }
    return SG_OK;
}

static enum sg_status write_stage(struct channel *channel)
{
    size_t record =
        channel->stage_len < CHANNEL_RECORD ? channel->stage_len : CHANNEL_RECORD;

    ERR_clear_error();
    int written = SSL_write(channel->ssl, channel->stage, (int)record);
    if (written <= 0) {
        int error = SSL_get_error(channel->ssl, written);
        channel->blocked = error == SSL_ERROR_WANT_WRITE || error == SSL_ERROR_WANT_READ;
        return channel->blocked ? SG_OK : lose_by_tls(channel);
    }
    channel->stuck_us = 0;
    channel->stage_len -= (size_t)written;
    memmove(channel->stage, channel->stage + written, channel->stage_len);
    return SG_OK;
}

static enum sg_status flush(struct channel *channel)
{
    channel->blocked = false;
    for (;;) {
        TRY(fill_stage(channel));
        if (channel->stage_len == 0) {
            return SG_OK;
        }
        TRY(write_stage(channel));
        if (channel->blocked) {
            return SG_OK;
        }
    }
}

static bool any_given_up(const struct channel *channel)
{
    const struct channel_call *call;

    LIST_FOREACH(call, &channel->calls, link)
    {
        if (call->given_up) {
            return true;
        }
    }
    return false;
}

/* A call that is given up closes when its RST_STREAM is written. A peer that reads
 * nothing would keep it open for ever. *timeout_ms is shortened to when that is clear. */
static enum sg_status check_stuck(struct channel *channel, int *timeout_ms)
{
    int64_t now_us = moment_mono_us();

    if (!channel->blocked || !any_given_up(channel)) {
        channel->stuck_us = 0;
        return SG_OK;
    }
    channel->stuck_us = channel->stuck_us == 0 ? now_us : channel->stuck_us;
    int left_ms = (int)((channel->stuck_us + STUCK_US - now_us + 999) / 1000);
    if (left_ms <= 0) {
        return lose_because(channel, "the gateway takes nothing any more");
    }
    *timeout_ms = *timeout_ms < 0 || left_ms < *timeout_ms ? left_ms : *timeout_ms;
    return SG_OK;
}

/* --- Reading ----------------------------------------------------------------------- */

static const char *closed_text(const struct channel *channel)
{
    if (!channel->ready) {
        return "the gateway closed the connection right after the TLS handshake: most "
               "likely it refused your client certificate";
    }
    return LIST_EMPTY(&channel->calls)
               ? "the gateway closed the connection"
               : "the gateway closed the connection in the middle of a call";
}

static enum sg_status read_failed(struct channel *channel, int rc)
{
    int error = SSL_get_error(channel->ssl, rc);

    channel->unread = error == SSL_ERROR_WANT_WRITE; /* of an answer to a KeyUpdate */
    if (error == SSL_ERROR_WANT_READ || channel->unread) {
        return SG_OK;
    }
    return error == SSL_ERROR_ZERO_RETURN ? lose_because(channel, closed_text(channel))
                                          : lose_by_tls(channel);
}

/* Reads until the socket and the TLS library hold no more, so that poll is asked rarely.
 * *any: something came. */
static enum sg_status read_input(struct channel *channel, bool *any)
{
    do {
        ERR_clear_error();
        int len = SSL_read(channel->ssl, channel->input, sizeof(channel->input));
        if (len <= 0) {
            return read_failed(channel, len);
        }
        *any = true;
        channel_life_begin(channel);
        if (nghttp2_session_mem_recv(channel->session, channel->input, (size_t)len) < 0) {
            return lose_because(channel, no_http2);
        }
    } while (SSL_has_pending(channel->ssl) != 0); /* half a record counts, too */
    channel->unread = false;
    return SG_OK;
}

static bool finished(const struct channel *channel)
{
    return nghttp2_session_want_read(channel->session) == 0 &&
           nghttp2_session_want_write(channel->session) == 0 && channel->stage_len == 0;
}

/* --- One turn ---------------------------------------------------------------------- */

static int64_t sooner(int64_t a_us, int64_t b_us)
{
    return a_us == 0 || (b_us != 0 && b_us < a_us) ? b_us : a_us;
}

/* Milliseconds for poll until the user's patience ends, or next_us is there (0 = never).
 */
static int patience_ms(int timeout_ms, int64_t next_us, int64_t now_us)
{
    if (next_us == 0) {
        return timeout_ms;
    }
    int64_t left_ms = next_us <= now_us ? 0 : (next_us - now_us + 999) / 1000;
    return timeout_ms >= 0 && timeout_ms < left_ms ? timeout_ms : (int)left_ms;
}

/* *woken: the watched descriptor can be read. */
static enum sg_status wait_ready(struct channel *channel, int timeout_ms, short *ready,
                                 bool *woken)
{
    struct pollfd wanted[2] = {{.fd = channel->fd, .events = POLLIN},
                               {.fd = channel->watched_fd, .events = POLLIN}};

    if (channel->blocked) {
        wanted[0].events = POLLIN | POLLOUT;
    }
    *ready = 0;
    if (channel->unread) {
        *ready = POLLIN;
        return SG_OK;
    }
    int count = poll(wanted, channel->watched_fd < 0 ? 1 : 2, timeout_ms);
    if (count < 0 && errno != EINTR) {
        return lose_because(channel, "the socket cannot be waited for");
    }
    if (count > 0) {
        *ready = wanted[0].revents;
        *woken = *woken || wanted[1].revents != 0;
    }
    return SG_OK;
}

static enum sg_status turn(struct channel *channel, int timeout_ms)
{
    int64_t next_us = 0;
    int64_t now_us = moment_mono_us();
    uint64_t ended = channel->ended;
    bool any = channel_expire(channel, now_us, &next_us);
    short ready = 0;

    next_us = sooner(next_us, channel_life_ask(channel, now_us));
    TRY(flush(channel));
    channel_end_unsent(channel);
    TRY(check_stuck(channel, &timeout_ms));
    any = any || channel->ended != ended;
    if (finished(channel)) {
        return lose_because(channel, channel->ready ? closed_text(channel) : no_http2);
    }
    TRY(wait_ready(channel, any ? 0 : patience_ms(timeout_ms, next_us, now_us), &ready,
                   &any));
    if ((ready & POLLOUT) != 0) {
        TRY(flush(channel));
        any = true;
    }
    if ((ready & (POLLIN | POLLERR | POLLHUP)) != 0) {
        TRY(read_input(channel, &any));
    }
    if (channel_life_over(channel, moment_mono_us())) {
        return lose_because(channel,
                            "no sign of life came from the gateway for a minute");
    }
    return any ? SG_OK : SG_TIMEOUT;
}

enum sg_status channel_turn(struct channel *channel, int timeout_ms, struct sg_error *why)
{
    enum sg_status status = channel->lost ? SG_IO : turn(channel, timeout_ms);

    if (status == SG_IO) {
        return sg_fail(why, SG_IO, "%s", channel->reason.text);
    }
    return status;
}

/* --- Open and close ---------------------------------------------------------------- */

/* In TLS 1.3 the gateway judges our certificate after our side of the handshake is done.
 * Only the gateway's first frame shows that it lets us in. */
static enum sg_status await_settings(struct channel *channel, int64_t deadline_us,
                                     struct sg_error *why)
{
    while (!channel->ready) {
        int64_t left_ms = (deadline_us - moment_mono_us()) / 1000;
        if (channel_given_up(channel)) {
            return sg_fail(why, SG_CANCELLED, "%s", sg_status_text(SG_CANCELLED));
        }
        if (left_ms <= 0) {
            return sg_fail(why, SG_IO,
                           "%s: what listens there sends nothing: it is not a "
                           "gRPC server, or it hangs",
                           channel->authority);
        }
        if (channel_turn(channel, channel_look_ms(channel, left_ms), why) == SG_IO) {
            return SG_IO;
        }
    }
    return SG_OK;
}

enum sg_status channel_open(const struct channel_options *options, struct channel **out,
                            struct sg_error *why)
{
    uint32_t patience = options->connect_ms == 0 ? CONNECT_MS : options->connect_ms;
    int64_t deadline_us = moment_mono_us() + (int64_t)patience * 1000;
    struct channel *channel = (struct channel *)calloc(1, sizeof(*channel));

    if (channel == NULL) {
        return sg_fail(why, SG_NO_MEMORY, "%s", sg_status_text(SG_NO_MEMORY));
    }
    channel->fd = -1;
    channel->watched_fd = -1;
    channel->given_up = options->given_up;
    LIST_INIT(&channel->calls);
    LIST_INIT(&channel->spare);
    enum sg_status status = channel_tls_open(options, deadline_us, channel, why);
    if (status == SG_OK) {
        channel->unread = true; /* what came with the end of the handshake */
        status = channel_h2_start(channel);
    }
    if (status == SG_OK) {
        status = await_settings(channel, deadline_us, why);
    }
    if (status != SG_OK) {
        channel_close(channel);
        return status;
    }
    *out = channel;
    return SG_OK;
}

/* Says goodbye as far as the socket takes it at once: nobody waits for the peer. */
static void say_goodbye(struct channel *channel)
{
    if (channel->session == NULL || channel->lost) {
        return;
    }
    (void)nghttp2_session_terminate_session(channel->session, NGHTTP2_NO_ERROR);
    if (flush(channel) == SG_OK && !channel->blocked) {
        ERR_clear_error();
        (void)SSL_shutdown(channel->ssl);
    }
}

void channel_close(struct channel *channel)
{
    if (channel == NULL) {
        return;
    }
    end_calls(channel, "the connection was closed here");
    say_goodbye(channel);
    channel_forget(channel);
}

void channel_forget(struct channel *channel)
{
    if (channel == NULL) {
        return;
    }
    end_calls(channel, "the connection was closed here");
    channel_call_free_all(channel);
    nghttp2_session_del(channel->session);
    SSL_free(channel->ssl);
    if (channel->fd >= 0) {
        (void)close(channel->fd);
    }
    free(channel);
}

void channel_watch(struct channel *channel, int fd)
{
    channel->watched_fd = fd;
}

void channel_end(struct channel **channel)
{
    channel_close(*channel);
}
