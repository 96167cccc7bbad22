#include "client/pdf/stamp/template_line.h"

#include <stdarg.h>
#include <stdio.h>

#include "proto/text.h"

enum { POINTS_MAX = 14400 /* 200 inches: the largest page */ };

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

bool line_next(struct line *line)
{
    if (line->next == NULL || line->next[0] == '\0') {
        return false;
    }
    line->at = line->next;
    char *end = strchr(line->at, '\n');
    line->next = end == NULL ? NULL : end + 1;
    if (end != NULL) {
        *end = '\0';
    }
    line->number++;
    return true;
}

struct slice line_word(struct line *line)
{
    while (is_blank(*line->at)) {
        line->at++;
    }
    char *begin = line->at;
    while (*line->at != '\0' && !is_blank(*line->at)) {
        line->at++;
    }
    return slice_of(begin, (size_t)(line->at - begin));
}

const char *line_rest(struct line *line)
{
    while (is_blank(*line->at)) {
        line->at++;
    }
    char *begin = line->at;
    size_t len = strlen(begin);
    while (len > 0 && is_blank(begin[len - 1])) {
        begin[--len] = '\0';
    }
    line->at = begin + len;
    return len == 0 || !text_plain(slice_of(begin, len)) ? NULL : begin;
}

/* The C library's parsers follow the user's locale, where a point may be a comma. */
bool line_points(struct line *line, double *out)
{
    struct slice word = line_word(line);
    size_t whole_len = 0;
    uint64_t whole = 0;
    double scale = 1;

    while (whole_len < word.len && word.data[whole_len] != '.') {
        whole_len++;
    }
    if (text_uint(slice_of(word.data, whole_len), POINTS_MAX, &whole) != SG_OK ||
        whole_len + 1 == word.len) {
        return false;
    }
    double value = (double)whole;
    for (size_t i = whole_len + 1; i < word.len; i++) {
        if (word.data[i] < '0' || word.data[i] > '9') {
            return false;
        }
        scale /= 10;
        value += scale * (word.data[i] - '0');
    }
    *out = value;
    return true;
}

enum sg_status line_end(struct line *line)
{
    struct slice word = line_word(line);

    return word.len == 0
               ? SG_OK
               : line_wrong(line, "'%.*s' is too much on this line",
                            word.len > 40 ? 40 : (int)word.len, (const char *)word.data);
}

enum sg_status line_wrong(const struct line *line, const char *format, ...)
{
    char text[400];
    va_list list;

    va_start(list, format);
    (void)vsnprintf(text, sizeof(text), format, list);
    va_end(list);
    text_mend(text);
    return sg_fail(line->why, SG_INVALID, "%s:%u: %s", line->name, line->number, text);
}
