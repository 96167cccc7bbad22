#define _GNU_SOURCE /* memmem */
#include "client/pdf/linearized.h"

#include "client/pdf/section_dict.h"
#include "client/pdf/syntax.h"

static const char end_word[] = "endobj";

/* Behind the first such word, as viewers look for it; 0 = there is none. */
static size_t behind_first(struct slice pdf)
{
    const size_t len = sizeof(end_word) - 1;
    const uint8_t *found =
        pdf.len == 0 ? NULL : (const uint8_t *)memmem(pdf.data, pdf.len, end_word, len);

    return found == NULL ? 0 : (size_t)(found - pdf.data) + len;
}

/* The dictionary of the first object; false: it begins with something else. */
static bool find_dict(struct slice pdf, size_t *at)
{
    size_t number = 0;
    size_t generation = 0;

    *at = 0;
    if (!section_number(pdf, at, &number) || !section_number(pdf, at, &generation)) {
        return false;
    }
    *at = section_skip(pdf, *at);
    if (pdf.len - *at < 3 || memcmp(pdf.data + *at, "obj", 3) != 0) {
        return false;
    }
    *at = section_skip(pdf, *at + 3);
    return pdf.len - *at >= 2 && memcmp(pdf.data + *at, "<<", 2) == 0;
}

/* One character of a name, which "#" may stand for. */
static size_t letter_at(struct slice pdf, size_t at, int *letter)
{
    int high = at + 2 < pdf.len ? syntax_hex(pdf.data[at + 1]) : -1;
    int low = at + 2 < pdf.len ? syntax_hex(pdf.data[at + 2]) : -1;

    if (pdf.data[at] == '#' && high >= 0 && low >= 0) {
        *letter = high * 16 + low;
        return 3;
    }
    *letter = pdf.data[at];
    return 1;
}

/* Does the name stand there, however it is written? */
static bool is_named(struct slice pdf, size_t at, const char *name)
{
    int letter = 0;

    for (; *name != '\0' && at < pdf.len; name++) {
        at += letter_at(pdf, at, &letter);
        if (letter != *name) {
            return false;
        }
    }
    return *name == '\0';
}

/* Of a dictionary that nobody writes so. */
static bool may_be_meant(struct slice pdf, size_t from, size_t to)
{
    for (size_t at = from; at < to; at++) {
        if (pdf.data[at] == '/' && is_named(pdf, at + 1, "Linearized")) {
            return true;
        }
    }
    return false;
}

static bool counts(struct slice pdf, size_t end)
{
    struct section_value keys[] = {{.key = "Linearized"}, {.key = "L"}};
    size_t from = 0;
    size_t length = 0;

    /* Viewers begin behind the version, in what is a comment. */
    if (!may_be_meant(pdf, 0, end)) {
        return false;
    }
    bool read = find_dict(pdf, &from);
    size_t at = from;
    if (!read || !section_dict(pdf, &at, keys, SG_COUNT(keys)) ||
        may_be_meant(pdf, 0, from) || may_be_meant(pdf, at, end)) {
        return true;
    }
    bool named = keys[0].text.len > 0 && keys[1].text.len > 0;
    return named && (!section_value_number(&keys[1], 0, &length) || length == pdf.len);
}

bool linearized_is_plain(struct slice pdf, size_t section, bool lenient)
{
    size_t end = behind_first(pdf);

    if (end == 0 || !counts(pdf, end)) {
        return true;
    }
    size_t first = lenient ? section_skip(pdf, end) : syntax_skip_blanks(pdf, end);
    return first == syntax_skip_blanks(pdf, section);
}
