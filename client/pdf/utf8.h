#ifndef SEGEL_CLIENT_PDF_UTF8_H
#define SEGEL_CLIENT_PDF_UTF8_H

#include "proto/slice.h"

/* Takes one code point off the front of valid UTF-8 (checked before with text_utf8).
 * Text that is not valid yields U+FFFD; at least one byte is always taken. */
uint32_t pdf_utf8_next(struct slice *text);

#endif
