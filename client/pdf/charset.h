#ifndef SEGEL_CLIENT_PDF_CHARSET_H
#define SEGEL_CLIENT_PDF_CHARSET_H

#include "proto/base.h"
#include "proto/slice.h"

/* A set of characters up to U+FFFF. */
struct pdf_charset {
    uint8_t bits[65536 / 8];
};

/* Adds those of a text in UTF-8; NULL is none. */
void pdf_charset_add(struct pdf_charset *set, const char *text);
void pdf_charset_merge(struct pdf_charset *set, const struct pdf_charset *other);
/* Is every member of the other one in the set? */
bool pdf_charset_covers(const struct pdf_charset *set, const struct pdf_charset *other);
bool pdf_charset_empty(const struct pdf_charset *set);
size_t pdf_charset_count(const struct pdf_charset *set);
static inline bool pdf_charset_has(const struct pdf_charset *set, uint32_t code)
{
    return code <= 0xFFFF && (set->bits[code / 8] >> (code % 8) & 1) != 0;
}

#endif
