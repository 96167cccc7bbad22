/* A checkpoint that is accepted is
 * written again as the very same text. */
#include "proto/tlog/checkpoint.h"

#include "tests/fuzz/support/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static char text[8192];
    struct checkpoint checkpoint;
    struct lines_out out;
    struct slice again;

    if (len > sizeof(text) ||
        checkpoint_parse(slice_of(data, len), &checkpoint) != SG_OK) {
        return 0;
    }
    MUST(checkpoint.origin.len > 0 && checkpoint.head.size <= INT64_MAX);
    lines_start(&out, text, sizeof(text));
    checkpoint_write(&out, &checkpoint);
    MUST(lines_finish(&out, &again) == SG_OK);
    MUST(slice_equal(again, slice_of(data, len)));
    return 0;
}
