#include "client/pdf/charset.h"

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

void pdf_charset_merge(struct pdf_charset *set, const struct pdf_charset *other)
{
    for (size_t i = 0; i < sizeof(set->bits); i++) {
        set->bits[i] |= other->bits[i];
    }
}

bool pdf_charset_covers(const struct pdf_charset *set, const struct pdf_charset *other)
{
    uint8_t missing = 0;

    for (size_t i = 0; i < sizeof(set->bits); i++) {
        missing |= (uint8_t)(other->bits[i] & ~set->bits[i]);
    }
    return missing == 0;
}

size_t pdf_charset_count(const struct pdf_charset *set)
{
    size_t count = 0;

    for (size_t i = 0; i < sizeof(set->bits); i++) {
        count += (size_t)__builtin_popcount(set->bits[i]);
    }
    return count;
}

bool pdf_charset_empty(const struct pdf_charset *set)
{
    return pdf_charset_count(set) == 0;
}
