/* Whatever the cuts, the deframer finds the messages that a plain reading of the whole
 * finds, and fails where that fails. Input: maximum (2 bytes), seed of the cuts, bytes.
 */
#include "proto/grpc_frame.h"

#include <stdlib.h>

#include "tests/fuzz/support/fuzz.h"

enum { MESSAGES_MAX = 4096 };

struct found {
    struct slice message; /* of the reading */
    bool compressed;
};
static struct found found[MESSAGES_MAX];

/* The reading of the whole. Returns the number of messages. */
static size_t read_whole(struct slice bytes, size_t max, enum sg_status *end)
{
    size_t count = 0;

    *end = SG_OK;
    while (bytes.len >= GRPC_PREFIX_SIZE && count < MESSAGES_MAX) {
        const uint8_t *at = bytes.data;
        size_t len =
            (size_t)at[1] << 24 | (size_t)at[2] << 16 | (size_t)at[3] << 8 | at[4];
        if (at[0] > 1 || len > max) {
            *end = at[0] > 1 ? SG_INVALID : SG_TOO_LARGE;
            return count;
        }
        if (bytes.len - GRPC_PREFIX_SIZE < len) {
            return count;
        }
        found[count++] = (struct found){slice_of(at + GRPC_PREFIX_SIZE, len), at[0] == 1};
        bytes = slice_of(at + GRPC_PREFIX_SIZE + len, bytes.len - GRPC_PREFIX_SIZE - len);
    }
    return count;
}

static size_t cut(uint64_t *state, size_t len)
{
    static const size_t sizes[] = {1, 2, 5, 6, 64, 1000, SIZE_MAX};
    size_t size = sizes[fuzz_random(state) % SG_COUNT(sizes)];

    return size < len ? size : len;
}

/* Takes one piece; false: the deframer failed. */
static bool take_piece(struct grpc_deframer *deframer, struct slice piece, size_t *count,
                       enum sg_status *end)
{
    while (piece.len > 0) {
        bool whole = false;
        size_t before = piece.len;
        *end = grpc_deframe(deframer, &piece, &whole);
        if (*end != SG_OK) {
            return false;
        }
        MUST(piece.len < before && deframer->cap <= deframer->max);
        if (whole) {
            MUST(slice_equal(slice_of(deframer->message, deframer->need),
                             found[*count].message));
            MUST(deframer->compressed == found[*count].compressed);
            (*count)++;
        }
    }
    return true;
}

static size_t read_pieces(struct slice bytes, size_t max, uint64_t seed,
                          enum sg_status *end)
{
    struct grpc_deframer deframer = {.max = max};
    uint64_t state = seed * 2 + 1;
    size_t count = 0;
    bool good = true;

    *end = SG_OK;
    while (good && bytes.len > 0) {
        size_t len = cut(&state, bytes.len);
        uint8_t *piece = fuzz_copy(slice_of(bytes.data, len));
        good = take_piece(&deframer, slice_of(piece, len), &count, end);
        free(piece);
        bytes = slice_of(bytes.data + len, bytes.len - len);
    }
    grpc_deframer_fini(&deframer);
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct slice input = slice_of(data, len);
    size_t max = (size_t)fuzz_choice(&input) << 8;
    enum sg_status wanted;
    enum sg_status end;

    max |= fuzz_choice(&input);
    uint8_t seed = fuzz_choice(&input);
    if (input.len > (size_t)MESSAGES_MAX * GRPC_PREFIX_SIZE) {
        return 0;
    }
    size_t count = read_whole(input, max, &wanted);
    MUST(read_pieces(input, max, seed, &end) == count);
    MUST(end == wanted);
    return 0;
}
