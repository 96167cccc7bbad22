#include "client/pdf/deflate.h"

#include <stdlib.h>
#include <zlib.h>

static void free_bytes(uint8_t **bytes)
{
    free(*bytes);
}

enum sg_status pdf_deflate(struct slice plain, struct pdf_buffer *out)
{
    uLongf len = compressBound(plain.len);
    AUTO(free_bytes) uint8_t *packed = malloc(len);

    if (packed == NULL ||
        compress2(packed, &len, plain.data, plain.len, Z_BEST_COMPRESSION) != Z_OK) {
        return SG_NO_MEMORY;
    }
    pdf_buffer_put(out, packed, len);
    return pdf_buffer_check(out);
}
