#include "client/audit/scan.h"

#include "proto/text.h"

enum { DEPTH_MAX = 16, KEYS_MAX = 64 };

static const struct {
    const char *text;
    size_t len;
} names[] = {
#define MEMBER(name) {#name, sizeof(#name) - 1},
#include "client/audit/members.def"
#undef MEMBER
};

/* Where the reading stands. Containers are bits: set for an object. */
struct reader {
    const uint8_t *at;
    const uint8_t *end;
    unsigned depth;
    uint32_t objects;
    struct slice *keys; /* of the record itself, KEYS_MAX, to find one that comes twice */
    size_t key_count;
    struct scan *out;
};

static bool at_byte(const struct reader *reader, uint8_t byte)
{
    return reader->at < reader->end && *reader->at == byte;
}

static void skip_blanks(struct reader *reader)
{
    while (reader->at < reader->end && (*reader->at == ' ' || *reader->at == '\t' ||
                                        *reader->at == '\n' || *reader->at == '\r')) {
        reader->at++;
    }
}

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
static size_t escape_length(const struct reader *reader)
{
    static const char simple[] = "\"\\/bfnrt";

    if (reader->at >= reader->end || *reader->at == 0) {
        return 0;
    }
    if (*reader->at == 'u') {
        return hex_digits(reader->at + 1, reader->end) ? 5 : 0;
    }
    return strchr(simple, *reader->at) == NULL ? 0 : 1;
}

enum { WORD = sizeof(uint64_t) };
static const uint64_t ONES = UINT64_C(0x0101010101010101);
static const uint64_t HIGHS = UINT64_C(0x8080808080808080);

/* Nonzero when a byte of the word is zero. */
static uint64_t zero_byte(uint64_t word)
{
    return (word - ONES) & ~word & HIGHS;
}

/* Eight bytes at a time, as long as none of them is a quote, a backslash or a control
 * character. */
static void skip_plain(struct reader *reader)
{
    uint64_t word = 0;

    while (reader->end - reader->at >= WORD) {
        memcpy(&word, reader->at, sizeof(word));
        uint64_t control = (word - ONES * 0x20) & ~word & HIGHS;
        if ((zero_byte(word ^ ONES * '"') | zero_byte(word ^ ONES * '\\') | control) !=
            0) {
            return;
        }
        reader->at += WORD;
    }
}

/* at stands on the opening quote; text: what is between the quotes. */
static bool take_text(struct reader *reader, struct slice *text)
{
    const uint8_t *start = ++reader->at;

    skip_plain(reader);
    while (reader->at < reader->end && *reader->at >= 0x20) {
        uint8_t c = *reader->at++;
        if (c == '"') {
            *text = slice_of(start, (size_t)(reader->at - 1 - start));
            return true;
        }
        if (c == '\\') {
            size_t more = escape_length(reader);
            if (more == 0) {
                return false;
            }
            reader->at += more;
        }
    }
    return false;
}

static size_t take_digits(struct reader *reader)
{
    const uint8_t *start = reader->at;

    while (reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9') {
        reader->at++;
    }
    return (size_t)(reader->at - start);
}

static bool take_exponent(struct reader *reader)
{
    if (!at_byte(reader, 'e') && !at_byte(reader, 'E')) {
        return true;
    }
    reader->at++;
    if (at_byte(reader, '+') || at_byte(reader, '-')) {
        reader->at++;
    }
    return take_digits(reader) > 0;
}

static bool take_number(struct reader *reader)
{
    if (at_byte(reader, '-')) {
        reader->at++;
    }
    bool zero = at_byte(reader, '0');
    size_t digits = take_digits(reader);
    if (digits == 0 || (zero && digits > 1)) {
        return false;
    }
    if (at_byte(reader, '.')) {
        reader->at++;
        if (take_digits(reader) == 0) {
            return false;
        }
    }
    return take_exponent(reader);
}

static bool take_word(struct reader *reader)
{
    static const char *const words[] = {"true", "false", "null"};

    for (size_t i = 0; i < SG_COUNT(words); i++) {
        size_t len = strlen(words[i]);
        if ((size_t)(reader->end - reader->at) >= len &&
            memcmp(reader->at, words[i], len) == 0) {
            reader->at += len;
            return true;
        }
    }
    return false;
}

/* --- Members of the record --------------------------------------------------------- */

static bool key_is_new(struct reader *reader, struct slice key)
{
    for (size_t i = 0; i < reader->key_count; i++) {
        if (slice_equal(reader->keys[i], key)) {
            return false;
        }
    }
    if (reader->key_count == KEYS_MAX) {
        return false;
    }
    reader->keys[reader->key_count++] = key;
    return true;
}

static void keep_member(const struct reader *reader, enum member_kind kind,
                        struct slice raw)
{
    struct slice key = reader->keys[reader->key_count - 1];

    for (size_t i = 0; i < MEMBER_COUNT; i++) {
        if (slice_equal(slice_of(names[i].text, names[i].len), key)) {
            reader->out->members[i] = (struct scan_member){kind, raw};
            return;
        }
    }
}

/* A name spelled with escapes could hide a second member of the same name. */
static bool take_key(struct reader *reader)
{
    struct slice key = {0};

    skip_blanks(reader);
    if (!at_byte(reader, '"') || !take_text(reader, &key)) {
        return false;
    }
    if (reader->depth == 1 && ((key.len > 0 && memchr(key.data, '\\', key.len) != NULL) ||
                               !key_is_new(reader, key))) {
        return false;
    }
    skip_blanks(reader);
    if (!at_byte(reader, ':')) {
        return false;
    }
    reader->at++;
    return true;
}

/* --- Values ------------------------------------------------------------------------ */

static bool take_scalar(struct reader *reader)
{
    const uint8_t *start = reader->at;
    enum member_kind kind = MEMBER_OTHER;
    struct slice raw = {0};
    bool good = false;

    if (at_byte(reader, '"')) {
        kind = MEMBER_TEXT;
        good = take_text(reader, &raw);
    } else if (*start == '-' || (*start >= '0' && *start <= '9')) {
        kind = MEMBER_NUMBER;
        good = take_number(reader);
        raw = slice_of(start, (size_t)(reader->at - start));
    } else {
        good = take_word(reader);
    }
    if (good && reader->depth == 1) {
        keep_member(reader, kind, raw);
    }
    return good;
}

static bool in_object(const struct reader *reader)
{
    return (reader->objects >> reader->depth & 1) != 0;
}

static bool open_container(struct reader *reader)
{
    bool object = *reader->at == '{';

    if (reader->depth == 1) {
        keep_member(reader, MEMBER_OTHER, slice_of("", 0));
    }
    if (++reader->depth > DEPTH_MAX) {
        return false;
    }
    reader->objects &= ~((uint32_t)1 << reader->depth);
    reader->objects |= (uint32_t)object << reader->depth;
    reader->at++;
    return true;
}

/* After a value: closes what ends here. more: another value of the container follows, and
 * its key has been taken. */
static bool go_on(struct reader *reader, bool *more)
{
    *more = false;
    while (reader->depth > 0) {
        skip_blanks(reader);
        if (at_byte(reader, ',')) {
            reader->at++;
            *more = true;
            return !in_object(reader) || take_key(reader);
        }
        if (!at_byte(reader, in_object(reader) ? '}' : ']')) {
            return false;
        }
        reader->at++;
        reader->depth--;
    }
    return true;
}

/* What stands behind an opening bracket. more: a value comes. */
static bool begin_inside(struct reader *reader, bool *more)
{
    skip_blanks(reader);
    *more = true;
    if (at_byte(reader, in_object(reader) ? '}' : ']')) {
        reader->at++;
        reader->depth--;
        return go_on(reader, more);
    }
    return !in_object(reader) || take_key(reader);
}

static bool take_value(struct reader *reader, bool *more)
{
    skip_blanks(reader);
    if (reader->at >= reader->end) {
        return false;
    }
    if (*reader->at == '{' || *reader->at == '[') {
        return open_container(reader) && begin_inside(reader, more);
    }
    return take_scalar(reader) && go_on(reader, more);
}

/* Most records are ASCII: eight bytes at a time tell. */
static bool is_utf8(struct slice text)
{
    uint64_t word = 0;
    uint64_t high = 0;
    size_t i = 0;

    for (; i + sizeof(word) <= text.len; i += sizeof(word)) {
        memcpy(&word, text.data + i, sizeof(word));
        high |= word & UINT64_C(0x8080808080808080);
    }
    for (; i < text.len; i++) {
        high |= text.data[i] & 0x80u;
    }
    return high == 0 || text_utf8(text);
}

enum sg_status scan_record(struct slice json, struct scan *out)
{
    /* Clearing all of them would be much of the work here. */
    struct slice keys[KEYS_MAX] __attribute__((uninitialized));
    struct reader reader = {
        .at = json.data, .end = json.data + json.len, .keys = keys, .out = out};
    bool more = true;

    for (size_t i = 0; i < MEMBER_COUNT; i++) {
        out->members[i].kind = MEMBER_ABSENT;
    }
    if (json.len == 0 || json.data[0] != '{' || !is_utf8(json)) {
        return SG_INVALID;
    }
    while (more) {
        if (!take_value(&reader, &more)) {
            return SG_INVALID;
        }
    }
    return reader.at == reader.end ? SG_OK : SG_INVALID;
}

/* --- Answers ----------------------------------------------------------------------- */

bool scan_uint(const struct scan *scan, enum member member, uint64_t *out)
{
    return scan->members[member].kind == MEMBER_NUMBER &&
           text_uint(scan->members[member].raw, INT64_MAX, out) == SG_OK;
}

struct slice scan_raw(const struct scan *scan, enum member member)
{
    return scan->members[member].kind == MEMBER_TEXT ? scan->members[member].raw
                                                     : slice_of("", 0);
}

bool scan_is(const struct scan *scan, enum member member, const char *text)
{
    return slice_equal(scan_raw(scan, member), slice_str(text));
}
