#ifndef SEGEL_CLIENT_PDF_WINANSI_H
#define SEGEL_CLIENT_PDF_WINANSI_H

#include "proto/base.h"
#include "proto/slice.h"

/* The characters of the stamp: WinAnsiEncoding in Helvetica, whose widths every viewer
 * knows. */

/* From UTF-8; *len bytes come out. false: not valid, a character that the encoding lacks,
 * a control character, or longer than cap. */
bool pdf_winansi(const char *utf8, uint8_t *out, size_t cap, size_t *len);

/* In thousandths of the font size. */
unsigned pdf_winansi_width(struct slice text);

#endif
