#include "gateway/transport/frames.h"

#include <criterion/criterion.h>

static uint8_t wire[4096];
static size_t len;

static void put(uint8_t type, size_t payload)
{
    const uint8_t head[FRAME_HEAD] = {0, (uint8_t)(payload >> 8), (uint8_t)payload, type};

    memcpy(wire + len, head, sizeof(head));
    memset(wire + len + sizeof(head), 0x06, payload);
    len += sizeof(head) + payload;
}

/* DATA and HEADERS are work that is bounded elsewhere; the other six count. */
static void write_wire(void)
{
    memset(wire, 0x04, 24);
    len = 24;
    put(4, 6);
    put(1, 300);
    put(9, 20);
    put(0, 0);
    put(0, 1000);
    put(6, 8);
    put(2, 5);
    put(0x33, 0);
    put(0xff, 600);
    put(1, 0);
}

TestSuite(frames, .init = write_wire);

Test(frames, all_but_data_and_headers_are_counted)
{
    struct frames frames = {0};

    cr_expect_eq(frames_control(&frames, slice_of(wire, len)), 6);
    cr_expect_eq(frames_control(&frames, slice_of(NULL, 0)), 0);
}

Test(frames, pieces_of_any_size_make_no_difference)
{
    for (size_t piece = 1; piece < len; piece++) {
        struct frames frames = {0};
        uint32_t count = 0;
        for (size_t at = 0; at < len; at += piece) {
            size_t left = len - at;
            count +=
                frames_control(&frames, slice_of(wire + at, left < piece ? left : piece));
        }
        cr_expect_eq(count, 6, "in pieces of %zu", piece);
    }
}
