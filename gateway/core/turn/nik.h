#ifndef SEGEL_GATEWAY_CORE_TURN_NIK_H
#define SEGEL_GATEWAY_CORE_TURN_NIK_H

#include <stdbool.h>
#include <stddef.h>

/* The number of an Indonesian identity card, 16 digits; people part them with blanks,
 * dots and hyphens, and some type full-width digits. A longer number is taken for one as
 * well: it may hold one. Dates such as 2026-11-28 are not counted. Texts are valid
 * UTF-8. */

bool nik_inside(const char *text);
/* Makes each digit of such numbers a zero: length and form stay, the person does not. */
void nik_mask(char *text);
/* The same for a text that may have been cut to fit cap bytes with its end: digits that
 * it ends with may be the begin of such a number, so they count. */
void nik_mask_cut(char *text, size_t cap);

#endif
