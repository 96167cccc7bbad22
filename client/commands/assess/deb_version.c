#include "client/commands/assess/deb_version.h"

#include <stdbool.h>
#include <string.h>

#include "proto/slice.h"

/* One version in its three parts; a missing epoch is 0, a missing revision is empty. */
struct parts {
    struct slice epoch;
    struct slice upstream;
    struct slice revision;
};

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

/* '~' is before the end of the text, letters are before everything else. */
static int weight(struct slice text, size_t at)
{
    enum { BEFORE_THE_END = -1, BEHIND_LETTERS = 256 };
    if (at >= text.len || is_digit(text.data[at])) {
        return 0;
    }
    uint8_t byte = text.data[at];
    bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
    int order = letter ? byte : byte + BEHIND_LETTERS;
    return byte == '~' ? BEFORE_THE_END : order;
}

static size_t skip_zeros(struct slice text, size_t at)
{
    while (at < text.len && text.data[at] == '0') {
        at++;
    }
    return at;
}

static size_t digits(struct slice text, size_t at)
{
    size_t from = at;

    while (at < text.len && is_digit(text.data[at])) {
        at++;
    }
    return at - from;
}

/* The number at the place of each, of any length; steps over it. */
static int compare_number(struct slice one, size_t *i, struct slice other, size_t *j)
{
    *i = skip_zeros(one, *i);
    *j = skip_zeros(other, *j);
    size_t one_len = digits(one, *i);
    size_t other_len = digits(other, *j);
    int order = one_len < other_len ? -1 : one_len > other_len ? 1 : 0;

    if (order == 0 && one_len > 0) {
        order = memcmp(one.data + *i, other.data + *j, one_len);
    }
    *i += one_len;
    *j += other_len;
    return order;
}

static int compare_words(struct slice one, size_t *i, struct slice other, size_t *j)
{
    while ((*i < one.len && !is_digit(one.data[*i])) ||
           (*j < other.len && !is_digit(other.data[*j]))) {
        int order = weight(one, *i) - weight(other, *j);
        if (order != 0) {
            return order;
        }
        ++*i;
        ++*j;
    }
    return 0;
}

static int compare_part(struct slice one, struct slice other)
{
    size_t i = 0;
    size_t j = 0;
    int order = 0;

    while (order == 0 && (i < one.len || j < other.len)) {
        order = compare_words(one, &i, other, &j);
        if (order == 0) {
            order = compare_number(one, &i, other, &j);
        }
    }
    return order;
}

static struct parts cut(const char *text)
{
    const char *colon = strchr(text, ':');
    struct parts out = {.epoch = slice_of((const uint8_t *)"", 0)};

    if (colon != NULL) {
        out.epoch = slice_of((const uint8_t *)text, (size_t)(colon - text));
        text = colon + 1;
    }
    const char *dash = strrchr(text, '-');
    out.upstream = slice_of((const uint8_t *)text,
                            dash == NULL ? strlen(text) : (size_t)(dash - text));
    out.revision = slice_str(dash == NULL ? "" : dash + 1);
    return out;
}

int deb_version_compare(const char *one, const char *other)
{
    struct parts a = cut(one);
    struct parts b = cut(other);
    int order = compare_part(a.epoch, b.epoch);

    if (order == 0) {
        order = compare_part(a.upstream, b.upstream);
    }
    return order != 0 ? order : compare_part(a.revision, b.revision);
}
