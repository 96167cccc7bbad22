#include "client/pdf/buffer.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "client/pdf/utf8.h"
#include "proto/text.h"

/* Makes room for len more bytes; false = the buffer has failed. */
static bool reserve(struct pdf_buffer *buffer, size_t len)
{
    if (buffer->failed || len > PDF_BUFFER_MAX - buffer->len) {
        buffer->failed = true;
        return false;
    }
    if (len <= buffer->cap - buffer->len) {
        return true;
    }
    size_t cap = buffer->cap == 0 ? 4096 : buffer->cap;
    while (cap - buffer->len < len) {
        cap *= 2;
    }
    uint8_t *data = realloc(buffer->data, cap);
    if (data == NULL) {
        buffer->failed = true;
        return false;
    }
    buffer->data = data;
    buffer->cap = cap;
    return true;
}

void pdf_buffer_put(struct pdf_buffer *buffer, const void *bytes, size_t len)
{
    if (len > 0 && reserve(buffer, len)) {
        memcpy(buffer->data + buffer->len, bytes, len);
        buffer->len += len;
    }
}

uint8_t *pdf_buffer_room(struct pdf_buffer *buffer, size_t len)
{
    if (!reserve(buffer, len)) {
        return NULL;
    }
    buffer->len += len;
    return buffer->data + buffer->len - len;
}

void pdf_buffer_text(struct pdf_buffer *buffer, const char *text)
{
    pdf_buffer_put(buffer, text, strlen(text));
}

void pdf_buffer_fill(struct pdf_buffer *buffer, char byte, size_t count)
{
    if (count > 0 && reserve(buffer, count)) {
        memset(buffer->data + buffer->len, byte, count);
        buffer->len += count;
    }
}

void pdf_buffer_hex(struct pdf_buffer *buffer, struct slice bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        char digits[3];
        text_hex(slice_of(bytes.data + i, 1), digits);
        pdf_buffer_put(buffer, digits, 2);
    }
}

void pdf_buffer_print(struct pdf_buffer *buffer, const char *format, ...)
{
    char text[256];
    va_list list;

    va_start(list, format);
    int len = vsnprintf(text, sizeof(text), format, list);
    va_end(list);
    MUST(len >= 0 && (size_t)len < sizeof(text));
    pdf_buffer_put(buffer, text, (size_t)len);
}

void pdf_buffer_number(struct pdf_buffer *buffer, double value)
{
    long long scaled = llround(value * 1000);
    long long whole = scaled / 1000;
    long long part = llabs(scaled % 1000);

    pdf_buffer_print(buffer, "%s%lld", scaled < 0 ? "-" : "", llabs(whole));
    if (part != 0) {
        pdf_buffer_print(buffer, ".%03lld", part);
    }
}

void pdf_buffer_literal(struct pdf_buffer *buffer, struct slice bytes)
{
    pdf_buffer_text(buffer, "(");
    for (size_t i = 0; i < bytes.len; i++) {
        uint8_t byte = bytes.data[i];
        if (byte < ' ' || byte > '~') {
            pdf_buffer_print(buffer, "\\%03o", byte);
            continue;
        }
        if (byte == '(' || byte == ')' || byte == '\\') {
            pdf_buffer_text(buffer, "\\");
        }
        pdf_buffer_put(buffer, &byte, 1);
    }
    pdf_buffer_text(buffer, ")");
}

static bool is_ascii(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < ' ' || text.data[i] > '~') {
            return false;
        }
    }
    return true;
}

void pdf_buffer_string(struct pdf_buffer *buffer, const char *utf8)
{
    struct slice rest = slice_str(utf8);

    if (is_ascii(rest)) {
        pdf_buffer_literal(buffer, rest);
        return;
    }
    pdf_buffer_text(buffer, "<FEFF");
    while (rest.len > 0) {
        uint32_t code = pdf_utf8_next(&rest);
        if (code > 0xFFFF) {
            code -= 0x10000;
            pdf_buffer_print(buffer, "%04X", 0xD800 | (code >> 10));
            code = 0xDC00 | (code & 0x3FF);
        }
        pdf_buffer_print(buffer, "%04X", code);
    }
    pdf_buffer_text(buffer, ">");
}

struct slice pdf_buffer_slice(const struct pdf_buffer *buffer)
{
    return slice_of(buffer->data, buffer->len);
}

enum sg_status pdf_buffer_check(const struct pdf_buffer *buffer)
{
    return buffer->failed ? SG_NO_MEMORY : SG_OK;
}

void pdf_buffer_fini(struct pdf_buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct pdf_buffer){0};
}
