#include "proto/quorum/words.h"

#include <stdio.h>
#include <string.h>

#include "proto/tlog/lines.h"

enum sg_status words_fail(const struct words *line, enum sg_status status,
                          struct sg_error *why)
{
    struct sg_error plain = *why;

    return sg_fail(why, status, "line %zu: %s", line->number, plain.text);
}

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t';
}

/* 0x09, 0x20 to 0x7E and 0x80 to 0xFF; lines_next took the LF. */
static bool has_control(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((text.data[i] < ' ' && text.data[i] != '\t') || text.data[i] == 0x7f) {
            return true;
        }
    }
    return false;
}

static struct slice take_word(struct slice text, size_t *at)
{
    size_t first = *at;

    while (*at < text.len && !is_blank(text.data[*at])) {
        (*at)++;
    }
    return slice_of(text.data + first, *at - first);
}

static enum sg_status split(struct slice text, struct words *line, struct sg_error *why)
{
    size_t at = 0;

    line->count = 0;
    if (has_control(text)) {
        return sg_fail(why, SG_INVALID, "it holds a control character");
    }
    while (at < text.len) {
        if (is_blank(text.data[at])) {
            at++;
            continue;
        }
        if (line->count == 0 && text.data[at] == '#') {
            return SG_OK;
        }
        if (line->count == WORDS_MAX) {
            return sg_fail(why, SG_INVALID, "it has more than %d words", WORDS_MAX);
        }
        line->word[line->count++] = take_word(text, &at);
    }
    return SG_OK;
}

static enum sg_status next_line(struct slice *rest, struct words *line,
                                struct sg_error *why)
{
    struct slice text;

    line->number++;
    if (!lines_next(rest, &text)) {
        return sg_fail(why, SG_INVALID, "it does not end with a line feed");
    }
    return split(text, line, why);
}

enum sg_status words_next(struct slice *rest, struct words *line, struct sg_error *why)
{
    line->count = 0;
    while (line->count == 0) {
        if (rest->len == 0) {
            return SG_NOT_FOUND;
        }
        if (next_line(rest, line, why) != SG_OK) {
            return words_fail(line, SG_INVALID, why);
        }
    }
    return SG_OK;
}
