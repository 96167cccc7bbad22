#include "proto/json.h"

#include <stdio.h>
#include <string.h>

#include "proto/digest.h"
#include "proto/eight.h"
#include "proto/text.h"

enum { DEPTH_MAX = 16 };

static void put(struct json_out *out, const char *bytes, size_t len)
{
    if (len > out->cap - out->len) {
        out->overflow = true;
        return;
    }
    memcpy(out->data + out->len, bytes, len);
    out->len += len;
}

static void put_char(struct json_out *out, char c)
{
    put(out, &c, 1);
}

/* Two characters for what has a short form, \u00XX for the other controls. */
static void put_escaped(struct json_out *out, uint8_t c)
{
    static const char from[] = "\"\\\n\r\t";
    static const char to[] = "\"\\nrt";
    const char *found = (const char *)memchr(from, c, sizeof(from) - 1);
    char text[8];

    if (found != NULL) {
        put_char(out, '\\');
        put_char(out, to[found - from]);
        return;
    }
    int len = snprintf(text, sizeof(text), "\\u%04x", (unsigned)c);
    put(out, text, (size_t)len);
}

static bool plain(uint8_t c)
{
    return c >= 0x20 && c != '"' && c != '\\';
}

/* Runs of plain characters are copied whole: records are mostly that. */
static void put_body(struct json_out *out, struct slice text)
{
    size_t from = 0;

    for (size_t i = 0; i < text.len; i++) {
        if (!plain(text.data[i])) {
            put(out, (const char *)text.data + from, i - from);
            put_escaped(out, text.data[i]);
            from = i + 1;
        }
    }
    put(out, (const char *)text.data + from, text.len - from);
}

/* Byte by byte, with U+FFFD for what is not UTF-8. */
static void put_repaired(struct json_out *out, struct slice text)
{
    for (size_t i = 0; i < text.len;) {
        size_t len = text.len - i < 4 ? text.len - i : 4;
        while (len > 0 && !text_utf8(slice_of(text.data + i, len))) {
            len--;
        }
        if (len == 0 && text.data[i] != 0) {
            put(out, "\xEF\xBF\xBD", 3);
            i++;
            continue;
        }
        len = len == 0 ? 1 : len;
        put_body(out, slice_of(text.data + i, len));
        i += len;
    }
}

static bool eight_ready(const uint8_t *at)
{
    uint64_t word = eight_load(at);

    return (eight_high(word) | eight_below(word, 0x20) | eight_has(word, '"') |
            eight_has(word, '\\')) == 0;
}

/* ASCII in which nothing is to be escaped: most of what is written. */
static bool is_ready(struct slice text)
{
    size_t at = 0;

    if (text.len >= EIGHT) {
        while (text.len - at > EIGHT && eight_ready(text.data + at)) {
            at += EIGHT;
        }
        /* The last eight, of which some may have been looked at. */
        return text.len - at <= EIGHT && eight_ready(text.data + text.len - EIGHT);
    }
    while (at < text.len && plain(text.data[at]) && text.data[at] < 0x80) {
        at++;
    }
    return at == text.len;
}

static void put_ready(struct json_out *out, struct slice text)
{
    enum { QUOTES = 2 };
    char *at = out->data + out->len;

    if (out->cap - out->len < QUOTES || text.len > out->cap - out->len - QUOTES) {
        out->overflow = true;
        return;
    }
    *at++ = '"';
    if (text.len > 0) {
        memcpy(at, text.data, text.len);
    }
    at[text.len] = '"';
    out->len += text.len + QUOTES;
}

static void put_string(struct json_out *out, struct slice text)
{
    if (is_ready(text)) {
        put_ready(out, text);
        return;
    }
    put_char(out, '"');
    if (text_utf8(text)) {
        put_body(out, text);
    } else {
        put_repaired(out, text);
    }
    put_char(out, '"');
}

/* A comma where one is due, and the name with its colon. */
static void lead_in(struct json_out *out, const char *name)
{
    enum { AROUND = 3 };
    uint32_t bit = (uint32_t)1 << out->depth;
    size_t comma = (out->populated & bit) != 0 ? 1 : 0;
    struct slice word = slice_str(name);
    char *at = out->data + out->len;

    out->populated |= bit;
    if (comma + word.len + (name == NULL ? 0 : AROUND) > out->cap - out->len) {
        out->overflow = true;
        return;
    }
    if (comma > 0) {
        *at++ = ',';
    }
    if (name != NULL) {
        *at++ = '"';
        memcpy(at, word.data, word.len);
        at += word.len;
        *at++ = '"';
        *at++ = ':';
    }
    out->len = (size_t)(at - out->data);
}

static void open_container(struct json_out *out, const char *name, bool array)
{
    lead_in(out, name);
    put_char(out, array ? '[' : '{');
    MUST(out->depth + 1 < DEPTH_MAX);
    out->depth++;
    uint32_t bit = (uint32_t)1 << out->depth;
    out->populated &= ~bit;
    out->is_array = array ? out->is_array | bit : out->is_array & ~bit;
}

void json_start(struct json_out *out, char *buffer, size_t cap)
{
    *out = (struct json_out){.data = buffer, .cap = cap};
}

void json_open_object(struct json_out *out, const char *name)
{
    open_container(out, name, false);
}

void json_open_array(struct json_out *out, const char *name)
{
    open_container(out, name, true);
}

void json_end(struct json_out *out)
{
    MUST(out->depth > 0);
    bool array = (out->is_array >> out->depth & 1) != 0;
    out->depth--;
    put_char(out, array ? ']' : '}');
}

void json_slice(struct json_out *out, const char *name, struct slice text)
{
    lead_in(out, name);
    put_string(out, text);
}

void json_str(struct json_out *out, const char *name, const char *text)
{
    json_slice(out, name, slice_str(text));
}

static void put_digits(struct json_out *out, uint64_t value)
{
    char digits[20];
    size_t at = sizeof(digits);

    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    put(out, digits + at, sizeof(digits) - at);
}

void json_uint(struct json_out *out, const char *name, uint64_t value)
{
    lead_in(out, name);
    put_digits(out, value);
}

void json_int(struct json_out *out, const char *name, int64_t value)
{
    lead_in(out, name);
    if (value < 0) {
        put_char(out, '-');
    }
    put_digits(out, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void json_bool(struct json_out *out, const char *name, bool value)
{
    lead_in(out, name);
    put(out, value ? "true" : "false", value ? 4 : 5);
}

void json_double(struct json_out *out, const char *name, double value)
{
    char text[64];

    lead_in(out, name);
    int len = snprintf(text, sizeof(text), "%.3f", value);
    bool fits = len > 0 && (size_t)len < sizeof(text) && text[0] != 'n' &&
                text[0] != 'i' && text[1] != 'n' && text[1] != 'i';
    put(out, fits ? text : "null", fits ? (size_t)len : 4);
}

void json_sha256(struct json_out *out, const char *name, const uint8_t hash[32])
{
    char text[DIGEST_SHA256_SIZE];

    digest_sha256_text(hash, text);
    lead_in(out, name);
    put_char(out, '"');
    put(out, text, sizeof(text) - 1);
    put_char(out, '"');
}

void json_time(struct json_out *out, const char *name, int64_t unix_us)
{
    char text[TEXT_TIME_SIZE];

    text_time(unix_us, text);
    json_str(out, name, text);
}

void json_known_time(struct json_out *out, const char *name, int64_t unix_us)
{
    if (unix_us > 0) {
        json_time(out, name, unix_us);
    }
}

void json_members(struct json_out *out, struct slice members)
{
    if (members.len > 0) {
        lead_in(out, NULL);
        put(out, (const char *)members.data, members.len);
    }
}

enum sg_status json_finish(struct json_out *out, struct slice *text)
{
    if (out->overflow || out->depth != 0) {
        return SG_TOO_LARGE;
    }
    *text = slice_of(out->data, out->len);
    return SG_OK;
}
