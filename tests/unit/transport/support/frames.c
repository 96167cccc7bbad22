#include <stdlib.h>
#include <string.h>

#include "tests/unit/transport/support/peer.h"

static void write32(uint8_t *out, uint32_t value)
{
    out[0] = (uint8_t)(value >> 24);
    out[1] = (uint8_t)(value >> 16);
    out[2] = (uint8_t)(value >> 8);
    out[3] = (uint8_t)value;
}

static size_t put_string(uint8_t *out, struct slice text)
{
    size_t at = 0;

    MUST(text.len < 16384);
    if (text.len < 127) {
        out[at++] = (uint8_t)text.len;
    } else {
        size_t rest = text.len - 127;
        out[at++] = 127;
        for (; rest >= 128; rest >>= 7) {
            out[at++] = (uint8_t)(rest | 128);
        }
        out[at++] = (uint8_t)rest;
    }
    memcpy(out + at, text.data, text.len);
    return at + text.len;
}

void peer_header_block(struct slice name, struct slice value, uint8_t *out, size_t *len)
{
    out[(*len)++] = 0;
    *len += put_string(out + *len, name);
    *len += put_string(out + *len, value);
}

static void add_header(const char *name, const char *value, uint8_t *out, size_t *len)
{
    peer_header_block(slice_str(name), slice_str(value), out, len);
}

static const char *const usual[][2] = {
    {":method", "POST"}, {":scheme", "https"},
    {":path", NULL},     {":authority", "localhost"},
    {"te", "trailers"},  {"content-type", "application/grpc"},
};

/* The value that extra gives for a name; NULL: none. */
static const char *find_extra(const char *const *extra, const char *name)
{
    for (; extra != NULL && *extra != NULL; extra += 2) {
        if (strcmp(extra[0], name) == 0) {
            return extra[1];
        }
    }
    return NULL;
}

static bool is_usual(const char *name)
{
    for (size_t i = 0; i < SG_COUNT(usual); i++) {
        if (strcmp(usual[i][0], name) == 0) {
            return true;
        }
    }
    return false;
}

static void add_usual(const char *path, const char *const *extra, uint8_t *out,
                      size_t *len)
{
    for (size_t i = 0; i < SG_COUNT(usual); i++) {
        const char *value = find_extra(extra, usual[i][0]);
        if (value == NULL) {
            value = usual[i][1] == NULL ? path : usual[i][1];
        }
        if (value[0] != '\0') {
            add_header(usual[i][0], value, out, len);
        }
    }
}

void peer_headers(struct peer_link *link, uint32_t stream, const char *path,
                  const char *const *extra, bool last)
{
    uint8_t block[4096];
    size_t len = 0;

    add_usual(path, extra, block, &len);
    for (; extra != NULL && *extra != NULL; extra += 2) {
        if (!is_usual(extra[0])) {
            add_header(extra[0], extra[1], block, &len);
        }
    }
    peer_frame(link, NGHTTP2_HEADERS,
               (uint8_t)(NGHTTP2_FLAG_END_HEADERS | (last ? NGHTTP2_FLAG_END_STREAM : 0)),
               stream, slice_of(block, len));
}

void peer_data(struct peer_link *link, uint32_t stream, struct slice bytes, bool last)
{
    do {
        size_t len = bytes.len < 16384 ? bytes.len : 16384;
        bool end = last && len == bytes.len;
        peer_frame(link, NGHTTP2_DATA, end ? NGHTTP2_FLAG_END_STREAM : 0, stream,
                   slice_of(bytes.data, len));
        bytes = slice_of(bytes.data + len, bytes.len - len);
    } while (bytes.len > 0);
}

/* What both windows leave. */
static size_t room(struct peer_link *link, uint32_t stream)
{
    const struct reply *reply = peer_reply(link, stream);
    size_t of_stream = link->window + reply->granted - reply->sent;
    size_t of_all = link->granted - link->sent;

    return of_stream < of_all ? of_stream : of_all;
}

bool peer_upload(struct peer_link *link, uint32_t stream, struct slice bytes, bool last)
{
    while (bytes.len > 0) {
        size_t len = bytes.len < 16384 ? bytes.len : 16384;
        size_t free = room(link, stream);
        len = len < free ? len : free;
        if (len > 0) {
            peer_data(link, stream, slice_of(bytes.data, len), last && len == bytes.len);
            bytes = slice_of(bytes.data + len, bytes.len - len);
        } else if (!peer_send(link) || !peer_read(link)) {
            return false;
        }
    }
    return peer_send(link);
}

void peer_flagged(struct peer_link *link, uint32_t stream, uint8_t flag,
                  struct slice message, bool last)
{
    uint8_t *framed = (uint8_t *)malloc(message.len + 5);

    MUST(framed != NULL);
    framed[0] = flag;
    write32(framed + 1, (uint32_t)message.len);
    if (message.len > 0) {
        memcpy(framed + 5, message.data, message.len);
    }
    peer_data(link, stream, slice_of(framed, message.len + 5), last);
    free(framed);
}

void peer_message(struct peer_link *link, uint32_t stream, struct slice message,
                  bool last)
{
    peer_flagged(link, stream, 0, message, last);
}

void peer_ping(struct peer_link *link)
{
    peer_frame(link, NGHTTP2_PING, 0, 0, slice_of("12345678", 8));
}

void peer_credit(struct peer_link *link, uint32_t stream, uint32_t bytes)
{
    uint8_t payload[4];

    write32(payload, bytes);
    peer_frame(link, NGHTTP2_WINDOW_UPDATE, 0, stream,
               slice_of(payload, sizeof(payload)));
}

void peer_setting(struct peer_link *link, uint16_t name, uint32_t value)
{
    uint8_t payload[6] = {(uint8_t)(name >> 8), (uint8_t)name};

    write32(payload + 2, value);
    peer_frame(link, NGHTTP2_SETTINGS, 0, 0, slice_of(payload, sizeof(payload)));
}

void peer_reset(struct peer_link *link, uint32_t stream, uint32_t code)
{
    uint8_t payload[4];

    write32(payload, code);
    peer_frame(link, NGHTTP2_RST_STREAM, 0, stream, slice_of(payload, sizeof(payload)));
}
