#include "client/pdf/compare/numbers.h"

#include "client/pdf/syntax.h"

/* Longer ones some viewer may cut: then they have to be written alike. */
enum { DIGITS_MAX = 18 };

struct number {
    size_t len; /* of its text */
    bool is_real;
    bool is_negative;
    struct slice whole; /* its digits without zeros in front */
    struct slice part;  /* and without zeros at the end */
};

static size_t skip_digits(struct slice text, size_t at)
{
    while (at < text.len && text.data[at] >= '0' && text.data[at] <= '9') {
        at++;
    }
    return at;
}

static struct slice digits_of(struct slice text, size_t from, size_t to, bool in_front)
{
    while (in_front && from < to && text.data[from] == '0') {
        from++;
    }
    while (!in_front && from < to && text.data[to - 1] == '0') {
        to--;
    }
    return slice_of(text.data + from, to - from);
}

/* false = something else, or a number that viewers may read each in their own way. */
static bool read_number(struct slice text, size_t at, struct number *out)
{
    bool is_signed = at < text.len && (text.data[at] == '-' || text.data[at] == '+');
    size_t from = at + (is_signed ? 1 : 0);
    size_t point = skip_digits(text, from);
    bool is_real = point < text.len && text.data[point] == '.';
    size_t end = is_real ? skip_digits(text, point + 1) : point;
    size_t digits = end - from - (is_real ? 1 : 0);

    if (digits == 0 || digits > DIGITS_MAX ||
        (end < text.len && syntax_is_regular(text.data[end]))) {
        return false;
    }
    *out = (struct number){.len = end - at, .is_real = is_real};
    out->whole = digits_of(text, from, point, true);
    out->part = is_real ? digits_of(text, point + 1, end, false) : slice_of(NULL, 0);
    bool is_zero = out->whole.len + out->part.len == 0;
    out->is_negative = is_signed && text.data[at] == '-' && !is_zero;
    return true;
}

static bool is_one_value(const struct number *a, const struct number *b, bool mixed)
{
    return (a->is_real == b->is_real || mixed) && a->is_negative == b->is_negative &&
           slice_equal(a->whole, b->whole) && slice_equal(a->part, b->part);
}

static bool begins_token(struct slice text, size_t at)
{
    return at == 0 || syntax_is_blank(text.data[at - 1]) || text.data[at - 1] == '[';
}

/* Past what is the same at both places; false = something differs. */
static bool step(struct slice before, size_t *i, struct slice after, size_t *k,
                 bool mixed)
{
    struct number a;
    struct number b;

    if (begins_token(before, *i) && begins_token(after, *k) &&
        read_number(before, *i, &a) && read_number(after, *k, &b) &&
        is_one_value(&a, &b, mixed)) {
        *i += a.len;
        *k += b.len;
        return true;
    }
    bool in_string = before.data[*i] == '(';
    size_t end = in_string ? syntax_skip_string(before, *i) : *i + 1;
    size_t len = end - *i;
    bool same =
        len <= after.len - *k && memcmp(before.data + *i, after.data + *k, len) == 0;
    *i = end;
    *k += len;
    return same;
}

bool numbers_say_the_same(struct slice before, struct slice after, bool mixed)
{
    size_t i = 0;
    size_t k = 0;
    bool same = true;

    while (same && i < before.len && k < after.len) {
        same = step(before, &i, after, &k, mixed);
    }
    return same && i == before.len && k == after.len;
}
