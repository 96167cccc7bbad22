#include <stdlib.h>

#include "tests/fuzz/support/fuzz.h"

uint8_t *fuzz_copy(struct slice bytes)
{
    uint8_t *copy = (uint8_t *)malloc(bytes.len == 0 ? 1 : bytes.len);

    MUST(copy != NULL);
    if (bytes.len > 0) {
        memcpy(copy, bytes.data, bytes.len);
    }
    return copy;
}
