#ifndef SEGEL_CLIENT_PDF_BUFFER_H
#define SEGEL_CLIENT_PDF_BUFFER_H

#include "proto/base.h"
#include "proto/slice.h"

/* A growing text with a limit. A write that finds no memory or passes the limit marks the
 * buffer as failed and later writes do nothing, so that one question at the end is
 * enough. The zero state is an empty buffer. */
struct pdf_buffer {
    uint8_t *data; /* owned */
    size_t len;
    size_t cap;
    bool failed;
};

enum { PDF_BUFFER_MAX = 1 << 26 };

void pdf_buffer_put(struct pdf_buffer *buffer, const void *bytes, size_t len);
/* Longer by len bytes (at least one), which the caller fills before anything else is done
 * with the buffer. NULL: it has failed. */
uint8_t *pdf_buffer_room(struct pdf_buffer *buffer, size_t len);
void pdf_buffer_text(struct pdf_buffer *buffer, const char *text);
void pdf_buffer_fill(struct pdf_buffer *buffer, char byte, size_t count);
void pdf_buffer_hex(struct pdf_buffer *buffer, struct slice bytes);
/* Short texts only: at most 255 bytes come out. */
void pdf_buffer_print(struct pdf_buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* As PDF wants numbers: no exponent, a point whatever the locale, three decimals. */
void pdf_buffer_number(struct pdf_buffer *buffer, double value);
/* A literal string "(…)" with everything escaped that has to be. */
void pdf_buffer_literal(struct pdf_buffer *buffer, struct slice bytes);
/* A text string of PDF from valid UTF-8: ASCII as a literal, the rest as UTF-16BE. */
void pdf_buffer_string(struct pdf_buffer *buffer, const char *utf8);

struct slice pdf_buffer_slice(const struct pdf_buffer *buffer);
/* SG_NO_MEMORY or SG_OK. */
SG_MUST_USE enum sg_status pdf_buffer_check(const struct pdf_buffer *buffer);
void pdf_buffer_fini(struct pdf_buffer *buffer);

#endif
