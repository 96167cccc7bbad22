#include "client/audit/alike.h"

#include <string.h>

#include "proto/text.h"

/* --- Texts ------------------------------------------------------------------------- */

enum { ESCAPE = 6 }; /* \uXXXX */

/* at stands on a backslash. UINT16_MAX: no \u, or not all of it. */
static uint16_t unit_at(struct slice text, size_t at)
{
    uint8_t bytes[2];
    size_t len = 0;

    if (text.len - at < ESCAPE || text.data[at] != '\\' || text.data[at + 1] != 'u' ||
        text_unhex(slice_of(text.data + at + 2, 4), bytes, sizeof(bytes), &len) !=
            SG_OK) {
        return UINT16_MAX;
    }
    return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

/* Bytes of the escape; 0: half a pair, or NUL where that may not be. */
static size_t escape_len(struct slice text, size_t at, bool nul)
{
    uint16_t unit = unit_at(text, at);

    if (unit >> 10 == 0x36) {
        bool pair = text.len - at > ESCAPE && unit_at(text, at + ESCAPE) >> 10 == 0x37;
        return pair ? (size_t)2 * ESCAPE : 0;
    }
    if (unit >> 10 == 0x37 || (unit == 0 && !nul)) {
        return 0;
    }
    return text.data[at + 1] == 'u' ? ESCAPE : 2;
}

static bool text_reads(struct slice text, bool nul)
{
    size_t at = 0;

    while (at < text.len) {
        const uint8_t *next =
            (const uint8_t *)memchr(text.data + at, '\\', text.len - at);
        if (next == NULL) {
            return true;
        }
        at = (size_t)(next - text.data);
        size_t len = escape_len(text, at, nul);
        if (len == 0) {
            return false;
        }
        at += len;
    }
    return true;
}

/* --- Numbers ----------------------------------------------------------------------- */

enum { REAL_MAX = 40, EXPONENT_MAX = 2 }; /* digits: far below what a double holds */

static bool number_reads(struct slice raw)
{
    bool minus = raw.data[0] == '-';
    struct slice digits = slice_of(raw.data + minus, raw.len - minus);
    uint64_t whole = 0;
    size_t at = 0;

    if (text_uint(digits, (uint64_t)INT64_MAX + minus, &whole) == SG_OK) {
        return true;
    }
    while (at < digits.len && digits.data[at] != 'e' && digits.data[at] != 'E') {
        at++;
    }
    if (at == digits.len) {
        return digits.len <= REAL_MAX && memchr(digits.data, '.', digits.len) != NULL;
    }
    size_t behind = at + 1;
    behind += digits.data[behind] == '+' || digits.data[behind] == '-' ? 1 : 0;
    return at <= REAL_MAX && digits.len - behind <= EXPONENT_MAX;
}

bool reads_alike(const struct json_value *value)
{
    if (!text_reads(value->key, false)) {
        return false;
    }
    return value->kind == JSON_IN_NUMBER ? number_reads(value->raw)
                                         : text_reads(value->raw, true);
}
