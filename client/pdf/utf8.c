#include "client/pdf/utf8.h"

static size_t tail_len(uint8_t lead)
{
    if (lead < 0xC0) {
        return 0;
    }
    if (lead < 0xE0) {
        return 1;
    }
    return lead < 0xF0 ? 2 : 3;
}

uint32_t pdf_utf8_next(struct slice *text)
{
    uint8_t lead = text->data[0];
    size_t tail = tail_len(lead);
    uint32_t code = tail == 0 ? lead : lead & (0x3FU >> tail);

    if (tail >= text->len || (tail == 0 && lead >= 0x80)) {
        *text = slice_of(text->data + 1, text->len - 1);
        return 0xFFFD;
    }
    for (size_t i = 1; i <= tail; i++) {
        code = code << 6 | (text->data[i] & 0x3FU);
    }
    *text = slice_of(text->data + tail + 1, text->len - tail - 1);
    return code;
}
