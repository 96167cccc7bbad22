#include "client/pdf/section_dict.h"

#include "client/pdf/syntax.h"

/* Far above all offsets that a letter can have. */
static const size_t number_max = (size_t)1 << 40;

size_t section_skip(struct slice pdf, size_t at)
{
    bool comment = false;

    for (; at < pdf.len; at++) {
        uint8_t byte = pdf.data[at];
        if (byte == '\r' || byte == '\n') {
            comment = false;
        } else if (byte == '%') {
            comment = true;
        } else if (!comment && !syntax_is_blank(byte)) {
            break;
        }
    }
    return at;
}

bool section_number(struct slice pdf, size_t *at, size_t *number)
{
    size_t first = section_skip(pdf, *at);
    size_t end = first;
    size_t value = 0;

    for (; end < pdf.len && pdf.data[end] >= '0' && pdf.data[end] <= '9'; end++) {
        value = value * 10 + (size_t)(pdf.data[end] - '0');
        if (value > number_max) {
            return false;
        }
    }
    *at = end;
    *number = value;
    return end > first && (end == pdf.len || !syntax_is_regular(pdf.data[end]));
}

/* One token, which opens or closes what is counted in depth. It stays where it is at
 * what is none. */
static size_t skip_token(struct slice pdf, size_t at, size_t *depth)
{
    uint8_t byte = pdf.data[at];
    bool twice = at + 1 < pdf.len && pdf.data[at + 1] == byte;

    if (byte == '(') {
        return syntax_skip_string(pdf, at);
    }
    if (byte == '/') {
        return syntax_skip_regular(pdf, at + 1);
    }
    if (byte == '[' || (byte == '<' && twice)) {
        *depth += 1;
        return at + (byte == '[' ? 1 : 2);
    }
    if (byte == '<') {
        return syntax_skip_hex(pdf, at);
    }
    if (*depth > 0 && (byte == ']' || (byte == '>' && twice))) {
        *depth -= 1;
        return at + (byte == ']' ? 1 : 2);
    }
    return syntax_skip_regular(pdf, at);
}

/* A value ends where the next key begins, or the dictionary ends: "5 0 R" is one. */
static bool read_value(struct slice pdf, size_t *at, struct slice *value)
{
    size_t first = section_skip(pdf, *at);
    size_t depth = 0;
    size_t end = first;

    for (size_t next = first; next < pdf.len; next = section_skip(pdf, end)) {
        bool ends = pdf.data[next] == '/' || pdf.data[next] == '>';
        if (depth == 0 && end > first && ends) {
            break;
        }
        end = skip_token(pdf, next, &depth);
        if (end == next) {
            return false;
        }
    }
    *value = slice_of(pdf.data + first, end - first);
    *at = end;
    return end > first && depth == 0;
}

/* A key of ours stands once. Names can be written with "#"; no writer does it here, and
 * so could be hidden what others read; or what the parser reads, behind a byte that
 * is a blank to some.
 */
static bool keep(struct slice key, struct slice value, struct section_value *values,
                 size_t count)
{
    if (key.len == 0 || memchr(key.data, '#', key.len) != NULL ||
        !syntax_is_printable(key)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (slice_equal(key, slice_str(values[i].key))) {
            bool first = values[i].text.len == 0;
            values[i].text = value;
            return first;
        }
    }
    return true;
}

bool section_dict(struct slice pdf, size_t *at, struct section_value *values,
                  size_t count)
{
    size_t next = section_skip(pdf, *at);

    if (pdf.len - next < 2 || memcmp(pdf.data + next, "<<", 2) != 0) {
        return false;
    }
    next = section_skip(pdf, next + 2);
    while (next < pdf.len && pdf.data[next] == '/') {
        size_t end = syntax_skip_regular(pdf, next + 1);
        struct slice key = slice_of(pdf.data + next + 1, end - next - 1);
        struct slice value;
        if (!read_value(pdf, &end, &value) || !keep(key, value, values, count)) {
            return false;
        }
        next = section_skip(pdf, end);
    }
    *at = next + 2;
    return pdf.len - next >= 2 && memcmp(pdf.data + next, ">>", 2) == 0;
}

bool section_value_number(const struct section_value *value, size_t fallback,
                          size_t *number)
{
    size_t at = 0;

    *number = fallback;
    return value->text.len == 0 ||
           (section_number(value->text, &at, number) && at == value->text.len);
}
