/* A whole connection in memory: HTTP/2, gRPC, all four kinds of calls and reflection, as
 * the peer's bytes drive them. Afterwards nothing is held, every call has ended once, and
 * what was sent keeps to the rules (support/witness.h). Input: what the peer does beside
 * sending (1 byte, below), then its frames. */
#include "tests/fuzz/support/echo.h"
#include "tests/fuzz/support/frames.h"
#include "tests/fuzz/support/fuzz.h"
#include "tests/fuzz/support/link.h"

enum {
    UNKNOWN = 1,      /* no caller */
    RAW = 2,          /* the preface of HTTP/2 is not put in front */
    DEAF = 4,         /* does not read until the end */
    POLITE = 8,       /* the end is a drain, not a loss */
    CUTS = 16,        /* two bits: how the bytes are cut */
    LATE_RESUME = 64, /* paused calls go on at the end only */
    DRAINED = 128     /* the server begins to drain after the first piece */
};

static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0";

static void send_pieces(uint8_t choice, struct slice input)
{
    static const size_t sizes[] = {SIZE_MAX, 1, 13, 1000};
    size_t size = sizes[choice / CUTS % SG_COUNT(sizes)];
    bool open = true;

    for (unsigned i = 0; open && input.len > 0; i++) {
        size_t len = input.len < size ? input.len : size;
        open = link_send(slice_of(input.data, len));
        input = slice_of(input.data + len, input.len - len);
        if ((choice & LATE_RESUME) == 0) {
            echo_resume();
        }
        if (i == 0 && (choice & DRAINED) != 0) {
            link_notice();
        }
    }
    echo_resume();
    (void)link_turn();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct slice input = slice_of(data, len);
    uint8_t choice = fuzz_choice(&input);
    const struct link_options options = {.unknown = (choice & UNKNOWN) != 0,
                                         .reads = (choice & DEAF) == 0};

    link_open(&options);
    if ((choice & RAW) == 0) {
        (void)link_send(slice_of(preface, sizeof(preface) - 1));
    }
    send_pieces(choice, input);
    link_close((choice & POLITE) != 0);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t len, size_t cap, unsigned seed)
{
    return frames_mutate(data, len, cap, seed);
}
