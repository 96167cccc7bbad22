#include "proto/json_in.h"

#include <string.h>

#include "proto/eight.h"
#include "proto/text.h"

static bool at_byte(const struct json_in *in, uint8_t byte)
{
    return in->at < in->end && *in->at == byte;
}

static void skip_blanks(struct json_in *in)
{
    while (in->at < in->end &&
           (*in->at == ' ' || *in->at == '\t' || *in->at == '\n' || *in->at == '\r')) {
        in->at++;
    }
}

/* --- Texts ------------------------------------------------------------------------- */

static bool hex_digits(const uint8_t *at, const uint8_t *end)
{
    for (int i = 0; i < 4; i++) {
        uint8_t c = at + i < end ? at[i] : 0;
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
              (c >= 'A' && c <= 'F'))) {
            return false;
        }
    }
    return true;
}

/* Behind the backslash: length of the rest of the escape, 0 = none. */
static size_t escape_length(const struct json_in *in)
{
    static const char simple[] = "\"\\/bfnrt";

    if (in->at >= in->end || *in->at == 0) {
        return 0;
    }
    if (*in->at == 'u') {
        return hex_digits(in->at + 1, in->end) ? 5 : 0;
    }
    return strchr(simple, *in->at) == NULL ? 0 : 1;
}

/* As long as there is no quote, no backslash and no control character. */
static void skip_plain(struct json_in *in)
{
    while (in->end - in->at >= EIGHT) {
        uint64_t word = eight_load(in->at);
        if ((eight_has(word, '"') | eight_has(word, '\\') | eight_below(word, 0x20)) !=
            0) {
            return;
        }
        in->at += EIGHT;
    }
}

/* at stands on the opening quote; text: what is between the quotes. */
static bool take_text(struct json_in *in, struct slice *text)
{
    const uint8_t *start = ++in->at;

    skip_plain(in);
    while (in->at < in->end && *in->at >= 0x20) {
        uint8_t c = *in->at++;
        if (c == '"') {
            *text = slice_of(start, (size_t)(in->at - 1 - start));
            return true;
        }
        if (c == '\\') {
            size_t more = escape_length(in);
            if (more == 0) {
                return false;
            }
            in->at += more;
            in->escaped = true;
        }
    }
    return false;
}

/* --- Numbers and words ------------------------------------------------------------- */

static size_t take_digits(struct json_in *in)
{
    const uint8_t *start = in->at;

    while (in->at < in->end && *in->at >= '0' && *in->at <= '9') {
        in->at++;
    }
    return (size_t)(in->at - start);
}

static bool take_exponent(struct json_in *in)
{
    if (!at_byte(in, 'e') && !at_byte(in, 'E')) {
        return true;
    }
    in->at++;
    if (at_byte(in, '+') || at_byte(in, '-')) {
        in->at++;
    }
    return take_digits(in) > 0;
}

static bool take_number(struct json_in *in)
{
    if (at_byte(in, '-')) {
        in->at++;
    }
    bool zero = at_byte(in, '0');
    size_t digits = take_digits(in);
    if (digits == 0 || (zero && digits > 1)) {
        return false;
    }
    if (at_byte(in, '.')) {
        in->at++;
        if (take_digits(in) == 0) {
            return false;
        }
    }
    return take_exponent(in);
}

static bool take_word(struct json_in *in)
{
    static const char *const words[] = {"true", "false", "null"};

    for (size_t i = 0; i < SG_COUNT(words); i++) {
        size_t len = strlen(words[i]);
        if ((size_t)(in->end - in->at) >= len && memcmp(in->at, words[i], len) == 0) {
            in->at += len;
            return true;
        }
    }
    return false;
}

static bool take_scalar(struct json_in *in, struct json_value *value)
{
    const uint8_t *start = in->at;

    if (at_byte(in, '"')) {
        value->kind = JSON_IN_TEXT;
        return take_text(in, &value->raw);
    }
    if (*start == '-' || (*start >= '0' && *start <= '9')) {
        value->kind = JSON_IN_NUMBER;
        bool good = take_number(in);
        value->raw = slice_of(start, (size_t)(in->at - start));
        return good;
    }
    value->kind = JSON_IN_WORD;
    bool good = take_word(in);
    value->raw = slice_of(start, (size_t)(in->at - start));
    return good;
}

/* --- Containers -------------------------------------------------------------------- */

static bool in_object(const struct json_in *in)
{
    return (in->objects >> in->depth & 1) != 0;
}

static bool take_key(struct json_in *in)
{
    skip_blanks(in);
    if (!at_byte(in, '"') || !take_text(in, &in->key)) {
        return false;
    }
    skip_blanks(in);
    if (!at_byte(in, ':')) {
        return false;
    }
    in->at++;
    return true;
}

/* A value follows in this container. */
static bool expect_value(struct json_in *in)
{
    in->more = true;
    in->key = slice_of("", 0);
    return !in_object(in) || take_key(in);
}

/* After a value: closes what ends here. */
static bool go_on(struct json_in *in)
{
    while (in->depth > 0) {
        skip_blanks(in);
        if (at_byte(in, ',')) {
            in->at++;
            return expect_value(in);
        }
        if (!at_byte(in, in_object(in) ? '}' : ']')) {
            return false;
        }
        in->at++;
        in->depth--;
    }
    return true;
}

/* at stands on the opening bracket. */
static bool open_container(struct json_in *in)
{
    bool object = *in->at++ == '{';

    if (++in->depth > JSON_IN_DEPTH) {
        return false;
    }
    in->objects &= ~((uint32_t)1 << in->depth);
    in->objects |= (uint32_t)object << in->depth;
    skip_blanks(in);
    return at_byte(in, object ? '}' : ']') ? go_on(in) : expect_value(in);
}

static bool take_value(struct json_in *in, struct json_value *value)
{
    skip_blanks(in);
    if (in->at >= in->end) {
        return false;
    }
    if (*in->at == '{' || *in->at == '[') {
        value->kind = *in->at == '{' ? JSON_IN_OBJECT : JSON_IN_ARRAY;
        return open_container(in);
    }
    return take_scalar(in, value) && go_on(in);
}

void json_in_start(struct json_in *in, struct slice text)
{
    *in = (struct json_in){.at = text.data, .end = text.data + text.len};
    in->failed = text.len == 0 || text.data[0] != '{' || !text_utf8(text);
    in->failed = in->failed || !open_container(in);
}

bool json_in_next(struct json_in *in, struct json_value *value)
{
    if (in->failed || !in->more) {
        return false;
    }
    in->more = false;
    *value = (struct json_value){.depth = in->depth, .key = in->key};
    in->failed = !take_value(in, value);
    return !in->failed;
}

enum sg_status json_in_finish(const struct json_in *in)
{
    return !in->failed && !in->more && in->depth == 0 && in->at == in->end ? SG_OK
                                                                           : SG_INVALID;
}
