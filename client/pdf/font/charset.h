#ifndef SEGEL_CLIENT_PDF_FONT_CHARSET_H
#define SEGEL_CLIENT_PDF_FONT_CHARSET_H

#include "proto/base.h"
#include "proto/slice.h"

/* A set of characters up to U+FFFF. */
struct pdf_charset {
    uint8_t bits[65536 / 8];
};

/* Adds those of a text in UTF-8; NULL is none. */
void pdf_charset_add(struct pdf_charset *set, const char *text);
static inline bool pdf_charset_has(const struct pdf_charset *set, uint32_t code)
{
    return code <= 0xFFFF && (set->bits[code / 8] >> (code % 8) & 1) != 0;
}

#endif
