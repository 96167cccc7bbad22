#ifndef SEGEL_CLIENT_PDF_STAMP_TEMPLATE_LINE_H
#define SEGEL_CLIENT_PDF_STAMP_TEMPLATE_LINE_H

#include "proto/base.h"
#include "proto/slice.h"

/* A line of a template: words apart by blanks. */
struct line {
    const char *name; /* of the file, for why */
    struct sg_error *why;
    unsigned number;
    char *at;   /* what is left of the line; ends in NUL */
    char *next; /* the next line; NULL = there is none */
};

/* Moves on; false: there are no more. The text is changed: its ends of lines become NUL.
 */
bool line_next(struct line *line);
/* The next word; empty at the end. */
struct slice line_word(struct line *line);
/* All that is left, without the blanks around; NULL when that is nothing, or cannot be
 * printed. */
const char *line_rest(struct line *line);
/* The next word as points, "12" or "12.5", at most 200 inches. */
bool line_points(struct line *line, double *out);
/* SG_INVALID when something is left. */
SG_MUST_USE enum sg_status line_end(struct line *line);
/* SG_INVALID: "NAME:LINE: …". */
SG_MUST_USE enum sg_status line_wrong(const struct line *line, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
