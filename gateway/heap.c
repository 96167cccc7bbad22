#include "gateway/heap.h"

#include <malloc.h>

enum { LARGE_BYTES = 512 * 1024, SPARE_BYTES = 4 * 1024 * 1024 };

void heap_settle(void)
{
    (void)mallopt(M_MMAP_THRESHOLD, LARGE_BYTES); /* NOLINT(concurrency-mt-unsafe) */
    /* The default would give back, and ask for again, what each burst needs. */
    (void)mallopt(M_TRIM_THRESHOLD, SPARE_BYTES); /* NOLINT(concurrency-mt-unsafe) */
}
