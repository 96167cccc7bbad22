#include "tests/fuzz/support/witness.h"

enum { HEAD = 9, STREAMS_MAX = 4096, PREFIX = 5 };
enum { DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY };
enum { WINDOW_UPDATE = 8, CONTINUATION = 9, END_STREAM = 1, END_HEADERS = 4 };

/* What was seen of one stream. */
struct seen {
    uint8_t blocks; /* of headers */
    bool ended;
    bool reset;
    uint8_t prefix_have;
    uint32_t need; /* bytes of the message that are still to come */
};
static struct seen streams[STREAMS_MAX];
static size_t streams_used;
static uint32_t continued; /* the stream whose headers are not whole */

void witness_start(void)
{
    memset(streams, 0, streams_used * sizeof(streams[0]));
    streams_used = 0;
    continued = 0;
}

static struct seen *seen_of(uint32_t stream)
{
    size_t at = stream / 2;

    MUST(stream % 2 == 1);
    if (at >= STREAMS_MAX) {
        return NULL; /* so far nobody looks */
    }
    streams_used = at >= streams_used ? at + 1 : streams_used;
    return &streams[at];
}

static void see_message_byte(struct seen *seen, uint8_t byte)
{
    if (seen->prefix_have == PREFIX) {
        seen->need--;
    } else if (seen->prefix_have == 0) {
        MUST(byte <= 1);
        seen->prefix_have = 1;
        seen->need = 0;
    } else {
        seen->need = seen->need << 8 | byte;
        seen->prefix_have++;
    }
    if (seen->prefix_have == PREFIX && seen->need == 0) {
        seen->prefix_have = 0;
    }
}

static void see_end(struct seen *seen, uint8_t flags)
{
    if ((flags & END_STREAM) != 0) {
        MUST(seen->prefix_have == 0);
        seen->ended = true;
    }
}

static void see_data(struct seen *seen, uint8_t flags, struct slice payload)
{
    MUST(seen->blocks == 1 && !seen->ended && !seen->reset);
    for (size_t i = 0; i < payload.len; i++) {
        see_message_byte(seen, payload.data[i]);
    }
    MUST((flags & END_STREAM) == 0); /* trailers come behind */
}

static void see_headers(struct seen *seen, uint8_t flags)
{
    MUST(!seen->ended && !seen->reset && seen->blocks < 2);
    seen->blocks++;
    MUST(seen->blocks == 1 || (flags & END_STREAM) != 0);
    see_end(seen, flags);
}

static void see_stream(uint8_t kind, uint8_t flags, uint32_t stream, struct slice payload)
{
    struct seen *seen = seen_of(stream);

    if (seen == NULL) {
        return;
    }
    if (kind == DATA) {
        see_data(seen, flags, payload);
    } else if (kind == HEADERS) {
        see_headers(seen, flags);
    } else if (kind == RST_STREAM) {
        MUST(payload.len == 4);
        seen->reset = true;
    }
}

static void see_frame(uint8_t kind, uint8_t flags, uint32_t stream, struct slice payload)
{
    MUST(kind != PRIORITY && kind != PUSH_PROMISE && kind <= CONTINUATION);
    MUST((kind == CONTINUATION) == (continued != 0));
    if (kind == CONTINUATION) {
        MUST(stream == continued);
        continued = (flags & END_HEADERS) != 0 ? 0 : stream;
        return;
    }
    if (kind == SETTINGS || kind == PING || kind == GOAWAY) {
        MUST(stream == 0);
        return;
    }
    if (kind != WINDOW_UPDATE) {
        see_stream(kind, flags, stream, payload);
    }
    if (kind == HEADERS && (flags & END_HEADERS) == 0) {
        continued = stream;
    }
}

void witness_see(struct slice bytes)
{
    while (bytes.len > 0) {
        const uint8_t *at = bytes.data;
        MUST(bytes.len >= HEAD);
        size_t len = (size_t)at[0] << 16 | (size_t)at[1] << 8 | at[2];
        uint32_t stream =
            (uint32_t)at[5] << 24 | (uint32_t)at[6] << 16 | (uint32_t)at[7] << 8 | at[8];
        MUST(len <= bytes.len - HEAD);
        see_frame(at[3], at[4], stream, slice_of(at + HEAD, len));
        bytes = slice_of(at + HEAD + len, bytes.len - HEAD - len);
    }
}
