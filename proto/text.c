#include "proto/text.h"

#include <string.h>
#include <strings.h>
#include <time.h>

#include "proto/eight.h"

/* Length of the UTF-8 sequence that begins with a lead byte; 0 = not a lead byte. */
static size_t sequence_len(uint8_t lead)
{
    if (lead < 0x80) {
        return 1;
    }
    if (lead >= 0xC2 && lead <= 0xDF) {
        return 2;
    }
    if (lead >= 0xE0 && lead <= 0xEF) {
        return 3;
    }
    return lead >= 0xF0 && lead <= 0xF4 ? 4 : 0;
}

/* RFC 3629 section 4: the second byte rules out overlong forms, surrogates and what lies
 * beyond U+10FFFF. */
static bool second_fits(uint8_t lead, uint8_t second)
{
    uint8_t low = 0x80;
    uint8_t high = 0xBF;

    if (lead == 0xE0) {
        low = 0xA0;
    }
    if (lead == 0xED) {
        high = 0x9F;
    }
    if (lead == 0xF0) {
        low = 0x90;
    }
    if (lead == 0xF4) {
        high = 0x8F;
    }
    return second >= low && second <= high;
}

static bool sequence_fits(const uint8_t *at, size_t len)
{
    if (len > 1 && !second_fits(at[0], at[1])) {
        return false;
    }
    for (size_t i = 2; i < len; i++) {
        if ((at[i] & 0xC0) != 0x80) {
            return false;
        }
    }
    return true;
}

size_t text_character(struct slice text, size_t at)
{
    size_t len = sequence_len(text.data[at]);
    bool whole = len > 0 && len <= text.len - at && text.data[at] != 0 &&
                 sequence_fits(text.data + at, len);

    return whole ? len : 0;
}

/* Length of the ASCII without NUL at the beginning, as far as whole words of eight bytes
 * tell: most of what comes is nothing else. */
static size_t ascii_len(struct slice text)
{
    size_t len = 0;

    while (text.len - len >= EIGHT) {
        uint64_t word = eight_load(text.data + len);
        if ((eight_high(word) | eight_below(word, 1)) != 0) {
            break;
        }
        len += EIGHT;
    }
    return len;
}

bool text_utf8(struct slice text)
{
    for (size_t i = ascii_len(text); i < text.len;) {
        size_t len = text_character(text, i);
        if (len == 0) {
            return false;
        }
        i += len;
    }
    return true;
}

void text_mend(char *text)
{
    struct slice all = slice_str(text);

    for (size_t i = 0; i < all.len;) {
        size_t len = text_character(all, i);
        if (len == 0) {
            text[i] = '?';
        }
        i += len == 0 ? 1 : len;
    }
}

size_t text_hidden(struct slice text, size_t at)
{
    const uint8_t *byte = text.data + at;
    size_t left = text.len - at;

    if (left >= 2 && byte[0] == 0xC2 && byte[1] < 0xA0) {
        return 2; /* U+0080 to U+009F */
    }
    if (left < 3 || byte[0] != 0xE2) {
        return 0;
    }
    /* U+2028 to U+202E, U+2066 to U+2069 */
    bool hidden = (byte[1] == 0x80 && byte[2] >= 0xA8 && byte[2] <= 0xAE) ||
                  (byte[1] == 0x81 && byte[2] >= 0xA6 && byte[2] <= 0xA9);
    return hidden ? 3 : 0;
}

bool text_plain(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < 0x20 || text.data[i] == 0x7F || text_hidden(text, i) > 0) {
            return false;
        }
    }
    return text_utf8(text);
}

bool text_fits(const char *text, size_t max)
{
    struct slice all = slice_str(text);

    return all.len >= 1 && all.len <= max && text_plain(all);
}

bool text_name(struct slice text)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                  "0123456789._-";

    for (size_t i = 0; i < text.len; i++) {
        if (memchr(allowed, text.data[i], sizeof(allowed) - 1) == NULL) {
            return false;
        }
    }
    return text.len >= 1 && text.len <= 64;
}

bool text_ends_in(const char *name, const char *end)
{
    size_t len = strlen(name);
    size_t end_len = strlen(end);

    return len > end_len && strcasecmp(name + len - end_len, end) == 0;
}

void text_hex(struct slice bytes, char *out)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < bytes.len; i++) {
        out[2 * i] = digits[bytes.data[i] >> 4];
        out[2 * i + 1] = digits[bytes.data[i] & 15];
    }
    out[2 * bytes.len] = '\0';
}

/* 16 = not a hexadecimal digit. */
static unsigned nibble(uint8_t digit)
{
    if (digit >= '0' && digit <= '9') {
        return (unsigned)digit - '0';
    }
    uint8_t lower = digit | 0x20;
    return lower >= 'a' && lower <= 'f' ? (unsigned)lower - 'a' + 10 : 16;
}

enum sg_status text_unhex(struct slice hex, uint8_t *out, size_t cap, size_t *len)
{
    if (hex.len % 2 != 0 || hex.len / 2 > cap) {
        return SG_INVALID;
    }
    for (size_t i = 0; i < hex.len; i += 2) {
        unsigned high = nibble(hex.data[i]);
        unsigned low = nibble(hex.data[i + 1]);
        if (high > 15 || low > 15) {
            return SG_INVALID;
        }
        out[i / 2] = (uint8_t)(high << 4 | low);
    }
    *len = hex.len / 2;
    return SG_OK;
}

/* Writes count decimal digits. */
static char *put_digits(char *at, unsigned count, int64_t value)
{
    for (unsigned i = count; i-- > 0;) {
        at[i] = (char)('0' + value % 10);
        value /= 10;
    }
    return at + count;
}

void text_time(int64_t unix_us, char out[TEXT_TIME_SIZE])
{
    time_t seconds = (time_t)(unix_us / 1000000);
    struct tm day = {0};
    char *at = out;

    MUST(gmtime_r(&seconds, &day) != NULL);
    at = put_digits(at, 4, day.tm_year + 1900);
    *at++ = '-';
    at = put_digits(at, 2, day.tm_mon + 1);
    *at++ = '-';
    at = put_digits(at, 2, day.tm_mday);
    *at++ = 'T';
    at = put_digits(at, 2, day.tm_hour);
    *at++ = ':';
    at = put_digits(at, 2, day.tm_min);
    *at++ = ':';
    at = put_digits(at, 2, day.tm_sec);
    *at++ = '.';
    at = put_digits(at, 6, unix_us % 1000000);
    *at++ = 'Z';
    *at = '\0';
}

void text_time_s(int64_t unix_us, char out[TEXT_TIME_SIZE])
{
    enum { BEFORE_FRACTION = 19 };

    text_time(unix_us, out);
    memcpy(out + BEFORE_FRACTION, "Z", 2);
}

/* A reader of fixed fields: at stays where the first misfit was, ok remembers it. */
struct fields {
    struct slice text;
    size_t at;
    bool ok;
};

static int64_t take_digits(struct fields *in, unsigned count)
{
    int64_t value = 0;

    for (unsigned i = 0; i < count; i++, in->at++) {
        if (in->at >= in->text.len || in->text.data[in->at] < '0' ||
            in->text.data[in->at] > '9') {
            in->ok = false;
            return 0;
        }
        value = value * 10 + (in->text.data[in->at] - '0');
    }
    return value;
}

static bool peek(const struct fields *in, char wanted)
{
    return in->at < in->text.len && in->text.data[in->at] == (uint8_t)wanted;
}

static void take_char(struct fields *in, char wanted)
{
    in->ok = in->ok && peek(in, wanted);
    in->at++;
}

static int64_t take_fraction_us(struct fields *in)
{
    int64_t us = 0;
    int64_t scale = 1000000;

    if (!peek(in, '.')) {
        return 0;
    }
    in->at++;
    do {
        scale /= 10;
        us += take_digits(in, 1) * scale;
    } while (in->ok && scale > 1 && in->at < in->text.len &&
             in->text.data[in->at] >= '0' && in->text.data[in->at] <= '9');
    return us;
}

static int64_t take_zone_s(struct fields *in)
{
    if (peek(in, 'Z')) {
        in->at++;
        return 0;
    }
    int64_t sign = peek(in, '-') ? -1 : 1;
    in->ok = in->ok && (peek(in, '-') || peek(in, '+'));
    in->at++;
    int64_t hours = take_digits(in, 2);
    take_char(in, ':');
    int64_t minutes = take_digits(in, 2);
    in->ok = in->ok && hours < 24 && minutes < 60;
    return sign * (hours * 3600 + minutes * 60);
}

/* timegm takes 31 February for 3 March: what comes back must be what went in. */
static bool calendar_seconds(struct tm *given, int64_t *seconds)
{
    struct tm back = *given;
    time_t value = timegm(&back);

    *seconds = (int64_t)value;
    return back.tm_mday == given->tm_mday && back.tm_mon == given->tm_mon &&
           back.tm_hour == given->tm_hour && back.tm_min == given->tm_min &&
           back.tm_sec == given->tm_sec;
}

enum sg_status text_time_parse(struct slice text, int64_t *unix_us)
{
    struct fields in = {.text = text, .ok = true};
    struct tm day = {0};
    int64_t seconds = 0;

    day.tm_year = (int)take_digits(&in, 4) - 1900;
    take_char(&in, '-');
    day.tm_mon = (int)take_digits(&in, 2) - 1;
    take_char(&in, '-');
    day.tm_mday = (int)take_digits(&in, 2);
    take_char(&in, 'T');
    day.tm_hour = (int)take_digits(&in, 2);
    take_char(&in, ':');
    day.tm_min = (int)take_digits(&in, 2);
    take_char(&in, ':');
    day.tm_sec = (int)take_digits(&in, 2);
    int64_t fraction_us = take_fraction_us(&in);
    int64_t zone_s = take_zone_s(&in);
    if (!in.ok || in.at != text.len || !calendar_seconds(&day, &seconds)) {
        return SG_INVALID;
    }
    *unix_us = (seconds - zone_s) * 1000000 + fraction_us;
    return SG_OK;
}

enum sg_status text_uint(struct slice text, uint64_t max, uint64_t *value)
{
    uint64_t result = 0;

    if (text.len == 0 || text.len > 20 || (text.len > 1 && text.data[0] == '0')) {
        return SG_INVALID;
    }
    for (size_t i = 0; i < text.len; i++) {
        unsigned digit = (unsigned)text.data[i] - '0';
        if (digit > 9 || result > (UINT64_MAX - digit) / 10) {
            return SG_INVALID;
        }
        result = result * 10 + digit;
    }
    if (result > max) {
        return SG_INVALID;
    }
    *value = result;
    return SG_OK;
}
