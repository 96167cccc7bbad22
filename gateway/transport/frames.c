#include "gateway/transport/frames.h"

/* "PRI * HTTP/2.0…": nghttp2 checks it. */
enum { PREFACE = 24, DATA = 0, HEADERS = 1 };

static struct slice pass(struct slice bytes, uint32_t *left)
{
    size_t count = bytes.len < *left ? bytes.len : *left;

    *left -= (uint32_t)count;
    return slice_of(bytes.data + count, bytes.len - count);
}

static struct slice take_head(struct frames *frames, struct slice bytes)
{
    size_t wanted = FRAME_HEAD - frames->have;
    size_t count = bytes.len < wanted ? bytes.len : wanted;

    memcpy(frames->head + frames->have, bytes.data, count);
    frames->have += (uint32_t)count;
    return slice_of(bytes.data + count, bytes.len - count);
}

/* Whether the head, which is whole, is that of a control frame. */
static bool begin(struct frames *frames)
{
    const uint8_t *head = frames->head;

    frames->have = 0;
    frames->payload = (uint32_t)head[0] << 16 | (uint32_t)head[1] << 8 | head[2];
    return head[3] != DATA && head[3] != HEADERS;
}

static struct slice pass_preface(struct frames *frames, struct slice bytes)
{
    uint32_t left = PREFACE - frames->passed;

    bytes = pass(bytes, &left);
    frames->passed = PREFACE - left;
    return bytes;
}

uint32_t frames_control(struct frames *frames, struct slice bytes)
{
    uint32_t count = 0;

    bytes = pass_preface(frames, bytes);
    while (bytes.len > 0) {
        bytes = pass(bytes, &frames->payload);
        if (bytes.len == 0) {
            break;
        }
        bytes = take_head(frames, bytes);
        if (frames->have == FRAME_HEAD && begin(frames)) {
            count++;
        }
    }
    return count;
}
