#include "proto/tlog/lines.h"

#include "proto/tlog/b64.h"

bool lines_next(struct slice *rest, struct slice *line)
{
    const uint8_t *end =
        rest->len == 0 ? NULL : (const uint8_t *)memchr(rest->data, '\n', rest->len);

    if (end == NULL) {
        return false;
    }
    *line = slice_of(rest->data, (size_t)(end - rest->data));
    *rest = slice_of(end + 1, rest->len - line->len - 1);
    return true;
}

void lines_start(struct lines_out *out, char *buffer, size_t cap)
{
    *out = (struct lines_out){.data = buffer, .cap = cap};
}

void lines_put(struct lines_out *out, struct slice text)
{
    if (out->overflow || text.len > out->cap - out->len) {
        out->overflow = true;
        return;
    }
    if (text.len > 0) {
        memcpy(out->data + out->len, text.data, text.len);
        out->len += text.len;
    }
}

void lines_text(struct lines_out *out, const char *text)
{
    lines_put(out, slice_str(text));
}

void lines_uint(struct lines_out *out, uint64_t value)
{
    char digits[20];
    size_t at = sizeof(digits);

    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    lines_put(out, slice_of(digits + at, sizeof(digits) - at));
}

void lines_b64(struct lines_out *out, struct slice bytes)
{
    size_t len = b64_len(bytes.len);

    if (out->overflow || len > out->cap - out->len) {
        out->overflow = true;
        return;
    }
    b64_encode(bytes, out->data + out->len);
    out->len += len;
}

enum sg_status lines_finish(const struct lines_out *out, struct slice *text)
{
    if (out->overflow) {
        return SG_TOO_LARGE;
    }
    *text = slice_of(out->data, out->len);
    return SG_OK;
}
