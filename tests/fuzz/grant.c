/* A grant that is accepted is
 * written again as the very same text. */
#include "proto/quorum/grant.h"

#include "tests/fuzz/support/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    char text[GRANT_TEXT_MAX];
    struct grant grant;
    struct sg_error why;
    size_t again = 0;

    if (grant_parse(slice_of(data, len), &grant, &why) != SG_OK) {
        return 0;
    }
    MUST(grant.action < TASK_COUNT && grant.not_after_us >= 0);
    MUST(grant_write(&grant, text, &again) == SG_OK);
    MUST(slice_equal(slice_of(text, again), slice_of(data, len)));
    return 0;
}
