#include "client/pdf/syntax.h"

bool syntax_is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n' || byte == '\f' ||
           byte == 0;
}

size_t syntax_skip_blanks(struct slice text, size_t at)
{
    while (at < text.len && syntax_is_blank(text.data[at])) {
        at++;
    }
    return at;
}

size_t syntax_behind(struct slice text, size_t at, const char *word)
{
    size_t len = strlen(word);
    size_t from = syntax_skip_blanks(text, at);
    bool there = from < text.len && text.len - from > len &&
                 memcmp(text.data + from, word, len) == 0;

    return there ? from + len : text.len;
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

size_t syntax_skip_comment(struct slice text, size_t at)
{
    while (at < text.len && text.data[at] != '\r' && text.data[at] != '\n') {
        at++;
    }
    return at;
}

size_t syntax_skip_regular(struct slice text, size_t at)
{
    while (at < text.len && syntax_is_regular(text.data[at])) {
        at++;
    }
    return at;
}

size_t syntax_skip_hex(struct slice text, size_t at)
{
    while (at < text.len && text.data[at] != '>') {
        at++;
    }
    return at < text.len ? at + 1 : at;
}

/* A string, a comment, or what is no word. */
static size_t skip_other(struct slice text, size_t at)
{
    bool angle = text.data[at] == '<';

    if (text.data[at] == '(') {
        return syntax_skip_string(text, at);
    }
    if (angle) {
        bool twice = at + 1 < text.len && text.data[at + 1] == '<';
        return twice ? at + 2 : syntax_skip_hex(text, at);
    }
    return text.data[at] == '%' ? syntax_skip_comment(text, at) : at + 1;
}

/* The word or name that begins at *at, which is moved behind it; empty: none does, and
 * *at stays. */
static struct slice next_word(struct slice text, size_t *at)
{
    size_t from = *at;
    size_t end = syntax_skip_regular(text, text.data[from] == '/' ? from + 1 : from);

    *at = end;
    return slice_of(text.data + from, end - from);
}

bool syntax_ends_object(struct slice word)
{
    return slice_equal(word, slice_str("stream")) ||
           slice_equal(word, slice_str("endobj"));
}

bool syntax_reads_alike(struct slice text, size_t at)
{
    while (at < text.len) {
        struct slice word = next_word(text, &at);
        if (word.len == 0) {
            at = skip_other(text, at);
        } else if (memchr(word.data, '\v', word.len) != NULL) {
            return false;
        } else if (syntax_ends_object(word)) {
            return true;
        }
    }
    return true;
}

/* Behind a backslash it is nothing at all, and writers break long strings so. */
static bool has_line_end(struct slice string)
{
    for (size_t i = 0; i < string.len; i++) {
        if (string.data[i] == '\r') {
            return true;
        }
        i += string.data[i] == '\\' ? 1 : 0;
    }
    return false;
}

/* Longer ones some viewers cut (ISO 32000-1 annex C). */
enum { WORD_MAX = 128 };

bool syntax_is_printable(struct slice word)
{
    for (size_t i = 0; i < word.len; i++) {
        if (word.data[i] <= ' ' || word.data[i] > '~') {
            return false;
        }
    }
    return true;
}

/* With a sign that says nothing, or beyond 31 bits: viewers read it each in its own way.
 */
static bool is_odd_number(struct slice word)
{
    size_t at = word.len > 0 && word.data[0] == '-' ? 1 : 0;
    size_t value = 0;

    if (word.len > 0 && word.data[0] == '+') {
        return true;
    }
    for (; at < word.len && word.data[at] >= '0' && word.data[at] <= '9'; at++) {
        value = value > INT32_MAX ? value : value * 10 + (size_t)(word.data[at] - '0');
    }
    return value > INT32_MAX;
}

size_t syntax_find_end(struct slice text, bool *is_stream)
{
    for (size_t at = 0; at < text.len;) {
        struct slice word = next_word(text, &at);
        if (syntax_ends_object(word)) {
            *is_stream = word.data[0] == 's';
            return at;
        }
        at = word.len == 0 ? skip_other(text, at) : at;
    }
    return 0;
}

bool syntax_is_plain(struct slice text, size_t at)
{
    while (at < text.len) {
        struct slice word = next_word(text, &at);
        size_t from = at;
        if (syntax_ends_object(word)) {
            return true;
        }
        at = word.len == 0 ? skip_other(text, at) : at;
        bool string = word.len == 0 && text.data[from] == '(';
        if (word.len > WORD_MAX || !syntax_is_printable(word) || is_odd_number(word) ||
            (string && has_line_end(slice_of(text.data + from, at - from)))) {
            return false;
        }
    }
    return true;
}
