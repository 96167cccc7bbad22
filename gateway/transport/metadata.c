#include "gateway/transport/metadata.h"

#include <openssl/evp.h>

enum { TIMEOUT_DIGITS = 8, NAME_MAX_LEN = 256 };

struct unit {
    char letter;
    int64_t us;
};

/* Units of at least a microsecond: 99999999 hours still fit 63 bits. */
static const struct unit units[] = {
    {'H', INT64_C(3600000000)}, {'M', INT64_C(60000000)}, {'S', INT64_C(1000000)},
    {'m', INT64_C(1000)},       {'u', INT64_C(1)},
};

bool metadata_timeout(struct slice value, int64_t *us)
{
    int64_t number = 0;

    if (value.len < 2 || value.len > TIMEOUT_DIGITS + 1) {
        return false;
    }
    for (size_t i = 0; i + 1 < value.len; i++) {
        if (value.data[i] < '0' || value.data[i] > '9') {
            return false;
        }
        number = number * 10 + (value.data[i] - '0');
    }
    char letter = (char)value.data[value.len - 1];
    if (letter == 'n') {
        *us = (number + 999) / 1000;
        return true;
    }
    for (size_t i = 0; i < SG_COUNT(units); i++) {
        if (units[i].letter == letter) {
            *us = number * units[i].us;
            return true;
        }
    }
    return false;
}

bool metadata_content_type(struct slice value)
{
    const struct slice name = slice_str("application/grpc");
    const struct slice proto = slice_str("+proto");

    if (value.len < name.len || !slice_equal(slice_of(value.data, name.len), name)) {
        return false;
    }
    struct slice rest = slice_of(value.data + name.len, value.len - name.len);
    if (rest.len >= proto.len && slice_equal(slice_of(rest.data, proto.len), proto)) {
        rest = slice_of(rest.data + proto.len, rest.len - proto.len);
    }
    return rest.len == 0 || rest.data[0] == ';' || rest.data[0] == ' ';
}

static size_t character_len(uint8_t first)
{
    if (first < 0x80) {
        return 1;
    }
    if (first < 0xE0) {
        return 2;
    }
    return first < 0xF0 ? 3 : 4;
}

static size_t percent_byte(uint8_t byte, char *out)
{
    static const char digits[] = "0123456789ABCDEF";

    if (byte >= 0x20 && byte <= 0x7E && byte != '%') {
        out[0] = (char)byte;
        return 1;
    }
    out[0] = '%';
    out[1] = digits[byte >> 4];
    out[2] = digits[byte & 0xF];
    return 3;
}

size_t metadata_percent(struct slice text, char *out, size_t cap)
{
    char character[12];
    size_t len = 0;

    for (size_t at = 0; at < text.len;) {
        size_t bytes = character_len(text.data[at]);
        size_t wide = 0;
        for (size_t i = 0; i < bytes && at + i < text.len; i++) {
            wide += percent_byte(text.data[at + i], character + wide);
        }
        if (wide > cap - len) {
            break;
        }
        memcpy(out + len, character, wide);
        len += wide;
        at += bytes;
    }
    return len;
}

size_t metadata_base64(struct slice bytes, char *out)
{
    int padded = EVP_EncodeBlock((unsigned char *)out, bytes.data, (int)bytes.len);
    size_t len = padded > 0 ? (size_t)padded : 0;

    while (len > 0 && out[len - 1] == '=') {
        len--;
    }
    return len;
}

/* What a character of base64 stands for; 64: nothing. */
static unsigned sextet(uint8_t character)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *found = character == 0 ? NULL : strchr(digits, character);

    return found == NULL ? 64 : (unsigned)(found - digits);
}

static size_t without_padding(struct slice text)
{
    size_t len = text.len;

    if (len % 4 == 0 && len > 0 && text.data[len - 1] == '=') {
        len--;
        len -= text.data[len - 1] == '=';
    }
    return len;
}

bool metadata_from_base64(struct slice text, uint8_t *out, size_t *len)
{
    size_t characters = without_padding(text);
    unsigned bits = 0;
    unsigned count = 0;

    *len = 0;
    for (size_t i = 0; i < characters; i++) {
        unsigned value = sextet(text.data[i]);
        if (value == 64) {
            return false;
        }
        bits = bits << 6 | value;
        count += 6;
        if (count >= 8) {
            count -= 8;
            out[(*len)++] = (uint8_t)(bits >> count);
        }
    }
    return characters % 4 != 1;
}

struct slice metadata_trim(struct slice text)
{
    while (text.len > 0 && (text.data[0] == ' ' || text.data[0] == '\t')) {
        text = slice_of(text.data + 1, text.len - 1);
    }
    while (text.len > 0 &&
           (text.data[text.len - 1] == ' ' || text.data[text.len - 1] == '\t')) {
        text.len--;
    }
    return text;
}

bool metadata_item(struct slice *list, struct slice *item)
{
    size_t len = 0;

    if (list->data == NULL) {
        return false;
    }
    while (len < list->len && list->data[len] != ',') {
        len++;
    }
    *item = metadata_trim(slice_of(list->data, len));
    *list = len < list->len ? slice_of(list->data + len + 1, list->len - len - 1)
                            : slice_of(NULL, 0);
    return true;
}

bool metadata_lists(struct slice list, struct slice token)
{
    struct slice item;

    while (metadata_item(&list, &item)) {
        if (slice_equal(item, token)) {
            return true;
        }
    }
    return false;
}

static bool begins(struct slice text, const char *start)
{
    size_t len = strlen(start);

    return text.len >= len && memcmp(text.data, start, len) == 0;
}

bool metadata_is_binary(struct slice name)
{
    const struct slice end = slice_str("-bin");

    return name.len >= end.len &&
           slice_equal(slice_of(name.data + name.len - end.len, end.len), end);
}

static bool name_character(uint8_t character)
{
    return (character >= 'a' && character <= 'z') ||
           (character >= '0' && character <= '9') || character == '_' ||
           character == '-' || character == '.';
}

/* Names that are the protocol's own. */
static bool reserved(struct slice name)
{
    static const char *const names[] = {
        "connection",        "content-length",
        "content-type",      "host",
        "keep-alive",        "te",
        "proxy-connection",  "trailer",
        "upgrade",           "expect",
        "transfer-encoding", "content-encoding",
    };

    for (size_t i = 0; i < SG_COUNT(names); i++) {
        if (slice_equal(name, slice_str(names[i]))) {
            return true;
        }
    }
    return begins(name, "grpc-");
}

bool metadata_name(struct slice name)
{
    if (name.len == 0 || name.len > NAME_MAX_LEN || reserved(name)) {
        return false;
    }
    for (size_t i = 0; i < name.len; i++) {
        if (!name_character(name.data[i])) {
            return false;
        }
    }
    return true;
}

bool metadata_value(struct slice value)
{
    for (size_t i = 0; i < value.len; i++) {
        if (value.data[i] < 0x20 || value.data[i] > 0x7E) {
            return false;
        }
    }
    return slice_equal(metadata_trim(value), value);
}
