#include "gateway/core/turn/nik.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum {
    NIK_DIGITS = 16,
    DATE_LEN = 10,
    MONTH = 5, /* where it stands in a date */
    DAY = 8,
    WIDE_BYTES = 3,
    WIDE_ZERO = 0x90,
    WIDE_NINE = 0x99,
    CHARACTER_MAX = 4 /* bytes in UTF-8 */
};

/* Length of a digit at this place: ASCII or full-width (U+FF10 to U+FF19); 0 = none. */
static size_t digit_at(const char *at)
{
    if (*at >= '0' && *at <= '9') {
        return 1;
    }
    bool wide = strncmp(at, "\xEF\xBC", 2) == 0 && (uint8_t)at[2] >= WIDE_ZERO &&
                (uint8_t)at[2] <= WIDE_NINE;
    return wide ? WIDE_BYTES : 0;
}

static int two_digits(const char *at)
{
    return (at[0] - '0') * 10 + at[1] - '0';
}

/* A date of this century as ISO 8601 writes it, which nothing goes on from: two of them
 * are as many digits as a number has. No number has such a part: it would begin with the
 * code of a province 20, which does not exist, or be parted as nobody parts it. */
static bool date_at(const char *at)
{
    static const char FORM[] = "20dd-dd-dd";
    for (size_t i = 0; i < DATE_LEN; i++) {
        bool fits = FORM[i] == 'd' ? at[i] >= '0' && at[i] <= '9' : at[i] == FORM[i];
        if (!fits) {
            return false;
        }
    }
    const char *next = at + DATE_LEN;
    next += *next == '.' || *next == '-' ? 1 : 0;
    return digit_at(next) == 0 && two_digits(at + MONTH) >= 1 &&
           two_digits(at + MONTH) <= 12 && two_digits(at + DAY) >= 1 &&
           two_digits(at + DAY) <= 31;
}

/* Digits and what parts them, from here on. */
struct run {
    size_t len;
    size_t digits;
};

/* Up to a date, or a date: it has digits, and none that count. */
static struct run run_at(const char *text)
{
    struct run run = {0};

    if (date_at(text)) {
        return (struct run){.len = DATE_LEN};
    }
    for (const char *at = text; *at != '\0';) {
        if (at > text && at[-1] == ' ' && date_at(at)) {
            break;
        }
        size_t digit = digit_at(at);
        if (digit == 0 && strchr(" .-", *at) == NULL) {
            break;
        }
        run.digits += digit > 0 ? 1 : 0;
        at += digit > 0 ? digit : 1;
        run.len = (size_t)(at - text);
    }
    return run;
}

bool nik_inside(const char *text)
{
    while (*text != '\0') {
        struct run run = run_at(text);
        if (run.digits >= NIK_DIGITS) {
            return true;
        }
        text += run.len > 0 ? run.len : 1;
    }
    return false;
}

static void mask_run(char *text, size_t len)
{
    for (size_t i = 0; i < len;) {
        size_t digit = digit_at(text + i);
        if (digit == 1) {
            text[i] = '0';
        } else if (digit == WIDE_BYTES) {
            text[i + 2] = (char)WIDE_ZERO;
        }
        i += digit > 0 ? digit : 1;
    }
}

void nik_mask(char *text)
{
    while (*text != '\0') {
        struct run run = run_at(text);
        if (run.digits >= NIK_DIGITS) {
            mask_run(text, run.len);
        }
        text += run.len > 0 ? run.len : 1;
    }
}

void nik_mask_cut(char *text, size_t cap)
{
    size_t len = strlen(text);
    struct run run = {0};

    nik_mask(text);
    if (len + CHARACTER_MAX < cap) {
        return; /* not cut: another character would have had room */
    }
    for (char *at = text; *at != '\0'; at += run.len > 0 ? run.len : 1) {
        run = run_at(at);
        if (at + run.len == text + len) {
            mask_run(at, run.len);
        }
    }
}
