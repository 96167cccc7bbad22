#include "gateway/cms/der.h"

/* Length octets after the tag. Minimal form is asked for: two encodings of one structure
 * would be two templates. */
static enum sg_status take_length(struct slice bytes, size_t *len, size_t *used)
{
    if (bytes.len < 1) {
        return SG_INVALID;
    }
    size_t count = bytes.data[0] & 0x7fU;
    if (bytes.data[0] < 0x80) {
        *len = bytes.data[0];
        *used = 1;
        return SG_OK;
    }
    if (count == 0 || count > 3 || bytes.len < 1 + count) {
        return SG_INVALID;
    }
    size_t value = 0;
    for (size_t i = 1; i <= count; i++) {
        value = value << 8 | bytes.data[i];
    }
    if (der_header_len(value) != 2 + count) {
        return SG_INVALID;
    }
    *len = value;
    *used = 1 + count;
    return SG_OK;
}

enum sg_status der_take(struct slice *rest, struct der *out)
{
    size_t len = 0;
    size_t used = 0;

    if (rest->len < 2 || (rest->data[0] & 0x1fU) == 0x1fU) {
        return SG_INVALID;
    }
    TRY(take_length(slice_of(rest->data + 1, rest->len - 1), &len, &used));
    size_t header = 1 + used;
    if (len > rest->len - header) {
        return SG_INVALID;
    }
    out->tag = rest->data[0];
    out->header = header;
    out->content = slice_of(rest->data + header, len);
    *rest = slice_of(rest->data + header + len, rest->len - header - len);
    return SG_OK;
}

enum sg_status der_last(struct slice *rest, struct der *out)
{
    const uint8_t *first = rest->data;
    struct slice after = *rest;

    do {
        TRY(der_take(&after, out));
    } while (after.len > 0);
    *rest = slice_of(first, (size_t)(out->content.data - first) - out->header);
    return SG_OK;
}

size_t der_header_len(size_t len)
{
    return len < 0x80 ? 2 : len < 0x100 ? 3 : len < 0x10000 ? 4 : 5;
}

size_t der_write_header(uint8_t *out, uint8_t tag, size_t len)
{
    size_t count = der_header_len(len) - 2;

    out[0] = tag;
    if (count == 0) {
        out[1] = (uint8_t)len;
        return 2;
    }
    out[1] = (uint8_t)(0x80U | count);
    for (size_t i = 0; i < count; i++) {
        out[2 + i] = (uint8_t)(len >> (8 * (count - 1 - i)));
    }
    return 2 + count;
}
