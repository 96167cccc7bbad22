#include "gateway/heap.h"

#include <criterion/criterion.h>
#include <malloc.h>
#include <stdlib.h>

enum { PAGE_OF_RECORDS = 1 << 20 };

#ifndef __SANITIZE_ADDRESS__ /* whose memory is its own */
static size_t mapped_blocks(void)
{
    return mallinfo2().hblks;
}

/* Without it the second one comes from the heap, which keeps it. */
Test(heap, a_large_block_goes_back_to_the_system_each_time)
{
    heap_settle();
    size_t before = mapped_blocks();
    for (int i = 0; i < 3; i++) {
        void *block = malloc(PAGE_OF_RECORDS);
        cr_assert_not_null(block);
        cr_expect_eq(mapped_blocks(), before + 1, "the %dth", i + 1);
        free(block);
        cr_expect_eq(mapped_blocks(), before);
    }
}
#endif
