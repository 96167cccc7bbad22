#include "client/pdf/font/charset.h"

#include "client/pdf/utf8.h"

void pdf_charset_add(struct pdf_charset *set, const char *text)
{
    struct slice rest = slice_str(text == NULL ? "" : text);

    while (rest.len > 0) {
        uint32_t code = pdf_utf8_next(&rest);
        if (code <= 0xFFFF) {
            set->bits[code / 8] |= (uint8_t)(1U << (code % 8));
        }
    }
}
