#include "tests/unit/transport/support/peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FRAME_HEAD = 9, FIRST_WINDOW = 65535 };

static int connect_to(uint16_t port, int receive_bytes)
{
    const struct sockaddr_in name = {.sin_family = AF_INET,
                                     .sin_port = htons(port),
                                     .sin_addr = {htonl(INADDR_LOOPBACK)}};
    const struct timeval patience = {.tv_sec = 10};
    const int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    MUST(fd >= 0);
    if (receive_bytes > 0) {
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_bytes,
                         sizeof(receive_bytes));
    }
    MUST(connect(fd, (const struct sockaddr *)&name, sizeof(name)) == 0);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    return fd;
}

int plain_connect(uint16_t port)
{
    return connect_to(port, 0);
}

static void put32(uint8_t *out, uint32_t value)
{
    out[0] = (uint8_t)(value >> 24);
    out[1] = (uint8_t)(value >> 16);
    out[2] = (uint8_t)(value >> 8);
    out[3] = (uint8_t)value;
}

static uint32_t get32(const uint8_t *in)
{
    return (uint32_t)in[0] << 24 | (uint32_t)in[1] << 16 | (uint32_t)in[2] << 8 | in[3];
}

static void append(struct peer_link *link, struct slice bytes)
{
    if (link->out_len + bytes.len > PEER_BUFFER) {
        (void)peer_send(link);
    }
    MUST(link->out_len + bytes.len <= PEER_BUFFER);
    if (bytes.len > 0) {
        memcpy(link->out + link->out_len, bytes.data, bytes.len);
        link->out_len += bytes.len;
    }
}

void peer_frame(struct peer_link *link, uint8_t type, uint8_t flags, uint32_t stream,
                struct slice payload)
{
    uint8_t head[FRAME_HEAD];

    head[0] = (uint8_t)(payload.len >> 16);
    head[1] = (uint8_t)(payload.len >> 8);
    head[2] = (uint8_t)payload.len;
    head[3] = type;
    head[4] = flags;
    put32(head + 5, stream);
    if (type == NGHTTP2_DATA) {
        link->sent += payload.len;
        peer_reply(link, stream)->sent += payload.len;
    }
    append(link, slice_of(head, sizeof(head)));
    append(link, payload);
}

bool peer_send(struct peer_link *link)
{
    size_t from = 0;

    while (from < link->out_len) {
        size_t len = 0;
        if (SSL_write_ex(link->ssl, link->out + from, link->out_len - from, &len) != 1) {
            link->out_len = 0;
            return false;
        }
        from += len;
    }
    link->out_len = 0;
    return true;
}

struct reply *peer_reply(struct peer_link *link, uint32_t stream)
{
    MUST((stream + 1) / 2 < REPLIES_MAX);
    return &link->replies[(stream + 1) / 2];
}

static void copy_text(char *out, size_t cap, const nghttp2_nv *nv)
{
    (void)snprintf(out, cap, "%.*s", (int)nv->valuelen, (const char *)nv->value);
}

static void take_header(struct reply *reply, const nghttp2_nv *nv)
{
    const struct slice name = slice_of(nv->name, nv->namelen);
    char number[16];

    copy_text(number, sizeof(number), nv);
    if (slice_equal(name, slice_str(":status"))) {
        reply->http = (int)strtol(number, NULL, 10);
    } else if (slice_equal(name, slice_str("grpc-status"))) {
        reply->grpc = (int)strtol(number, NULL, 10);
    } else if (slice_equal(name, slice_str("grpc-message"))) {
        copy_text(reply->text, sizeof(reply->text), nv);
    } else if (slice_equal(name, slice_str("grpc-status-details-bin"))) {
        copy_text(reply->details, sizeof(reply->details), nv);
    } else if (slice_equal(name, slice_str("grpc-accept-encoding"))) {
        copy_text(reply->accepts, sizeof(reply->accepts), nv);
    } else if (slice_equal(name, slice_str("grpc-encoding"))) {
        copy_text(reply->encoding, sizeof(reply->encoding), nv);
    } else if (name.len > 2 && memcmp(name.data, "x-", 2) == 0) {
        size_t len = strlen(reply->added);
        (void)snprintf(reply->added + len, sizeof(reply->added) - len, "%u %.*s=%.*s\n",
                       reply->blocks, (int)nv->namelen, (const char *)nv->name,
                       (int)nv->valuelen, (const char *)nv->value);
    }
}

static void take_headers(struct peer_link *link, struct reply *reply, struct slice block)
{
    for (;;) {
        nghttp2_nv nv;
        int flags = 0;
        ssize_t used =
            nghttp2_hd_inflate_hd2(link->inflater, &nv, &flags, block.data, block.len, 1);
        MUST(used >= 0);
        block = slice_of(block.data + used, block.len - (size_t)used);
        if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0) {
            take_header(reply, &nv);
        }
        if ((flags & NGHTTP2_HD_INFLATE_FINAL) != 0) {
            (void)nghttp2_hd_inflate_end_headers(link->inflater);
            return;
        }
    }
}

static void keep_data(struct reply *reply, struct slice bytes)
{
    if (reply->body == NULL) {
        reply->body = (uint8_t *)malloc(BODY_MAX);
    }
    MUST(reply->body != NULL && bytes.len <= BODY_MAX - reply->bytes);
    memcpy(reply->body + reply->bytes, bytes.data, bytes.len);
}

static void take_data(struct peer_link *link, struct reply *reply, struct slice bytes)
{
    if (link->keep && bytes.len > 0) {
        keep_data(reply, bytes);
    }
    for (size_t i = 0; i < bytes.len && reply->bytes + i < sizeof(reply->head); i++) {
        reply->head[reply->bytes + i] = bytes.data[i];
    }
    reply->bytes += bytes.len;
}

static void take_goaway(struct peer_link *link, struct slice bytes)
{
    link->goaway_last = get32(bytes.data);
    if (link->goaways++ == 0) {
        link->goaway_first = link->goaway_last;
        link->pings_first = link->pings;
    }
    link->goaway_code = get32(bytes.data + 4);
    (void)snprintf(link->goaway_text, sizeof(link->goaway_text), "%.*s",
                   (int)(bytes.len - 8), (const char *)bytes.data + 8);
}

static void take_settings(struct peer_link *link, uint8_t flags, struct slice payload)
{
    if ((flags & NGHTTP2_FLAG_ACK) != 0) {
        return;
    }
    for (size_t at = 0; at + 6 <= payload.len; at += 6) {
        if (payload.data[at + 1] == NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE) {
            link->window = get32(payload.data + at + 2);
        }
    }
    peer_frame(link, NGHTTP2_SETTINGS, NGHTTP2_FLAG_ACK, 0, slice_of(NULL, 0));
    (void)peer_send(link);
}

static void take_ping(struct peer_link *link, uint8_t flags, struct slice payload)
{
    if ((flags & NGHTTP2_FLAG_ACK) != 0) {
        link->pongs++;
        return;
    }
    link->pings++;
    if (!link->mute) {
        peer_frame(link, NGHTTP2_PING, NGHTTP2_FLAG_ACK, 0, payload);
        (void)peer_send(link);
    }
}

static void take_control(struct peer_link *link, const uint8_t *head,
                         struct slice payload)
{
    uint32_t stream = get32(head + 5);
    struct reply *reply = peer_reply(link, stream);

    if (head[3] == NGHTTP2_RST_STREAM) {
        link->resets++;
        reply->reset = get32(payload.data);
        reply->ended = true;
    } else if (head[3] == NGHTTP2_GOAWAY) {
        take_goaway(link, payload);
    } else if (head[3] == NGHTTP2_PING) {
        take_ping(link, head[4], payload);
    } else if (head[3] == NGHTTP2_SETTINGS) {
        take_settings(link, head[4], payload);
    } else if (head[3] == NGHTTP2_WINDOW_UPDATE) {
        *(stream == 0 ? &link->granted : &reply->granted) += get32(payload.data);
    }
}

static void take_frame(struct peer_link *link, const uint8_t *head, struct slice payload)
{
    struct reply *reply = peer_reply(link, get32(head + 5));
    bool last = (head[4] & NGHTTP2_FLAG_END_STREAM) != 0;

    reply->frames++;
    if (head[3] == NGHTTP2_HEADERS) {
        reply->blocks++;
        take_headers(link, reply, payload);
        reply->ended = reply->ended || last;
    } else if (head[3] == NGHTTP2_DATA) {
        take_data(link, reply, payload);
        reply->ended = reply->ended || last;
    } else {
        take_control(link, head, payload);
    }
}

static void take_frames(struct peer_link *link)
{
    size_t at = 0;

    while (link->in_len - at >= FRAME_HEAD) {
        const uint8_t *head = link->in + at;
        size_t len = (size_t)head[0] << 16 | (size_t)head[1] << 8 | head[2];
        if (link->in_len - at < FRAME_HEAD + len) {
            break;
        }
        take_frame(link, head, slice_of(head + FRAME_HEAD, len));
        at += FRAME_HEAD + len;
    }
    memmove(link->in, link->in + at, link->in_len - at);
    link->in_len -= at;
}

bool peer_read(struct peer_link *link)
{
    size_t len = 0;

    if (SSL_read_ex(link->ssl, link->in + link->in_len, PEER_BUFFER - link->in_len,
                    &len) != 1) {
        link->closed = errno != EAGAIN || SSL_get_error(link->ssl, 0) == SSL_ERROR_SSL ||
                       SSL_get_error(link->ssl, 0) == SSL_ERROR_ZERO_RETURN;
        return false;
    }
    link->in_len += len;
    take_frames(link);
    return true;
}

struct reply *peer_wait(struct peer_link *link, uint32_t stream)
{
    struct reply *reply = peer_reply(link, stream);

    (void)peer_send(link);
    while (!reply->ended && peer_read(link)) {
        continue;
    }
    return reply;
}

bool peer_wait_closed(struct peer_link *link)
{
    (void)peer_send(link);
    errno = 0;
    while (peer_read(link)) {
        errno = 0;
    }
    return link->closed;
}

void peer_greet(struct peer_link *link, const struct peer_options *options)
{
    uint8_t settings[6] = {0, NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE};
    uint8_t window[4];
    uint32_t size =
        options->window == 0 && !options->no_window ? 16U << 20 : options->window;

    append(link, slice_str("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
    put32(settings + 2, size);
    peer_frame(link, NGHTTP2_SETTINGS, 0, 0, slice_of(settings, sizeof(settings)));
    put32(window, 1U << 30);
    peer_frame(link, NGHTTP2_WINDOW_UPDATE, 0, 0, slice_of(window, sizeof(window)));
}

static void prepare_tls(struct peer_link *link, const struct peer_options *options)
{
    uint8_t alpn[16];
    const char *name = options->alpn == NULL ? "h2" : options->alpn;
    size_t len = strlen(name);

    link->tls = SSL_CTX_new(TLS_client_method());
    MUST(link->tls != NULL);
    SSL_CTX_set_options(link->tls, SSL_OP_IGNORE_UNEXPECTED_EOF);
    if (options->cert != NULL) {
        MUST(SSL_CTX_use_certificate_chain_file(link->tls, options->cert) == 1);
        MUST(SSL_CTX_use_PrivateKey_file(link->tls, options->key, SSL_FILETYPE_PEM) == 1);
    }
    link->ssl = SSL_new(link->tls);
    MUST(link->ssl != NULL && SSL_set_fd(link->ssl, link->fd) == 1);
    if (len > 0) {
        alpn[0] = (uint8_t)len;
        memcpy(alpn + 1, name, len);
        MUST(SSL_set_alpn_protos(link->ssl, alpn, (unsigned)len + 1) == 0);
    }
}

void peer_prepare(struct peer_link *link, const struct peer_options *options)
{
    *link = (struct peer_link){
        .fd = connect_to(options->port, options->receive_bytes),
        .window = FIRST_WINDOW,
        .granted = FIRST_WINDOW,
        .out = (uint8_t *)malloc(PEER_BUFFER),
        .in = (uint8_t *)malloc(PEER_BUFFER),
        .replies = (struct reply *)calloc(REPLIES_MAX, sizeof(struct reply))};
    MUST(link->out != NULL && link->in != NULL && link->replies != NULL);
    for (size_t i = 0; i < REPLIES_MAX; i++) {
        link->replies[i].grpc = -1;
        link->replies[i].reset = -1;
    }
    MUST(nghttp2_hd_inflate_new(&link->inflater) == 0);
    prepare_tls(link, options);
}

bool peer_open(struct peer_link *link, const struct peer_options *options)
{
    peer_prepare(link, options);
    if (SSL_connect(link->ssl) != 1) {
        return false;
    }
    peer_greet(link, options);
    return true;
}

void peer_close(struct peer_link *link)
{
    SSL_free(link->ssl);
    SSL_CTX_free(link->tls);
    nghttp2_hd_inflate_del(link->inflater);
    for (size_t i = 0; i < REPLIES_MAX; i++) {
        free(link->replies[i].body);
    }
    free(link->out);
    free(link->in);
    free(link->replies);
    (void)close(link->fd);
    *link = (struct peer_link){.fd = -1};
}
