#include "client/pdf/deflate.h"

#include <zlib.h>

enum sg_status pdf_deflate(struct slice plain, struct pdf_buffer *out)
{
    uLongf len = compressBound(plain.len);
    size_t begin = out->len;

    pdf_buffer_fill(out, '\0', len);
    TRY(pdf_buffer_check(out));
    if (compress2(out->data + begin, &len, plain.data, plain.len, Z_BEST_COMPRESSION) !=
        Z_OK) {
        return SG_NO_MEMORY;
    }
    out->len = begin + len;
    return SG_OK;
}
