#include <string.h>

#include "client/audit/scan.h"

/* The escapes of RFC 8259 section 7, in text that scan_record has accepted. */
struct unescaped {
    uint8_t *out;
    size_t cap;
    size_t len;
};

static void put(struct unescaped *to, uint8_t byte)
{
    if (to->len < to->cap) {
        to->out[to->len++] = byte;
    }
}

static void put_point(struct unescaped *to, uint32_t point)
{
    if (point < 0x80) {
        put(to, (uint8_t)point);
    } else if (point < 0x800) {
        put(to, (uint8_t)(0xC0 | point >> 6));
        put(to, (uint8_t)(0x80 | (point & 0x3F)));
    } else if (point < 0x10000) {
        put(to, (uint8_t)(0xE0 | point >> 12));
        put(to, (uint8_t)(0x80 | (point >> 6 & 0x3F)));
        put(to, (uint8_t)(0x80 | (point & 0x3F)));
    } else {
        put(to, (uint8_t)(0xF0 | point >> 18));
        put(to, (uint8_t)(0x80 | (point >> 12 & 0x3F)));
        put(to, (uint8_t)(0x80 | (point >> 6 & 0x3F)));
        put(to, (uint8_t)(0x80 | (point & 0x3F)));
    }
}

static uint32_t hex4(const uint8_t *at)
{
    uint32_t value = 0;

    for (int i = 0; i < 4; i++) {
        uint32_t digit = at[i] <= '9' ? at[i] - (uint32_t)'0' : (at[i] | 32u) - 'a' + 10u;
        value = value << 4 | digit;
    }
    return value;
}

/* A pair of surrogates is one character. Bytes used. */
static size_t put_hex(struct unescaped *to, struct slice rest)
{
    uint32_t point = hex4(rest.data + 2);

    if (point >> 10 == 0x36 && rest.len >= 12 && rest.data[6] == '\\' &&
        rest.data[7] == 'u' && hex4(rest.data + 8) >> 10 == 0x37) {
        point = 0x10000 + ((point & 0x3FF) << 10) + (hex4(rest.data + 8) & 0x3FF);
        put_point(to, point);
        return 12;
    }
    put_point(to, point);
    return 6;
}

static size_t put_escape(struct unescaped *to, struct slice rest)
{
    static const char letters[] = "bfnrt";
    static const char meant[] = "\b\f\n\r\t";

    if (rest.data[1] == 'u') {
        return put_hex(to, rest);
    }
    const char *found = strchr(letters, rest.data[1]);
    put(to, found == NULL ? rest.data[1] : (uint8_t)meant[found - letters]);
    return 2;
}

size_t scan_text(const struct scan *scan, enum member member, uint8_t *out, size_t cap)
{
    return scan_unescape(scan_raw(scan, member), out, cap);
}

size_t scan_unescape(struct slice raw, uint8_t *out, size_t cap)
{
    struct unescaped to = {.out = out, .cap = cap};

    if (raw.len <= cap && memchr(raw.data, '\\', raw.len) == NULL) {
        memcpy(out, raw.data, raw.len);
        return raw.len;
    }
    for (size_t i = 0; i < raw.len;) {
        if (raw.data[i] == '\\') {
            i += put_escape(&to, slice_of(raw.data + i, raw.len - i));
        } else {
            put(&to, raw.data[i++]);
        }
    }
    return to.len;
}
