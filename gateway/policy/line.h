#ifndef SEGEL_GATEWAY_POLICY_LINE_H
#define SEGEL_GATEWAY_POLICY_LINE_H

#include <stdio.h>

#include "proto/base.h"
#include "proto/slice.h"

/* Text built in a fixed buffer; what does not fit is cut, never inside a UTF-8
 * character. Always terminated. Or text that goes into a stream, whole. */
struct line {
    char *text; /* borrowed; NULL: it goes into the stream */
    size_t cap;
    size_t len;
    bool full;
    FILE *stream; /* borrowed */
};

void line_init(struct line *line, char *text, size_t cap);
void line_to(struct line *line, FILE *stream);
void line_put(struct line *line, struct slice bytes);
void line_str(struct line *line, const char *text);
/* One of several, with commas between: in quotes where it would read as two. */
void line_item(struct line *line, struct slice item);
void line_number(struct line *line, int64_t number);
/* Microseconds since 1970 as RFC 3339, UTC. */
void line_time(struct line *line, int64_t unix_us);

#endif
