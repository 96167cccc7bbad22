#include "client/pdf/syntax.h"

bool syntax_is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n' || byte == '\f' ||
           byte == 0;
}

bool syntax_is_regular(uint8_t byte)
{
    return !syntax_is_blank(byte) && strchr("()<>[]{}/%", byte) == NULL;
}

int syntax_hex(uint8_t digit)
{
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    digit |= 0x20;
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

size_t syntax_skip_string(struct slice text, size_t at)
{
    size_t depth = 0;

    for (; at < text.len; at++) {
        uint8_t byte = text.data[at];
        if (byte == '\\') {
            at++;
        } else if (byte == '(') {
            depth++;
        } else if (byte == ')' && --depth == 0) {
            return at + 1;
        }
    }
    return text.len;
}
