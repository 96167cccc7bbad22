#include "client/pdf/by_number.h"

#include <stdlib.h>

#include "client/pdf/reader.h"

void *by_number_reach(void *at, size_t *count, size_t number, size_t size)
{
    if (number < *count) {
        return at;
    }
    size_t cap = number < PDF_OBJECT_MAX / 2 ? number * 2 + 64 : PDF_OBJECT_MAX + 1;
    uint8_t *more = (uint8_t *)realloc(at, cap * size);
    if (more == NULL) {
        return NULL;
    }
    memset(more + *count * size, 0, (cap - *count) * size);
    *count = cap;
    return more;
}
