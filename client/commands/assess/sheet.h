#ifndef SEGEL_CLIENT_COMMANDS_ASSESS_SHEET_H
#define SEGEL_CLIENT_COMMANDS_ASSESS_SHEET_H

#include "proto/base.h"
#include "segel/v1/approvals.pb-c.h"
#include "segel/v1/status.pb-c.h"

/* Inside of `segel assess`: what the gateway says of itself as lines of a sheet. Texts
 * may hold what came from outside: hostile to a terminal until screen_text has written
 * them.
 */
enum assess_verdict {
    ASSESS_PASS,
    ASSESS_WARN,
    ASSESS_FAIL,
    ASSESS_NOT,
    ASSESS_VERDICTS
};

enum { ASSESS_LINES_MAX = 1024, ASSESS_TEXT_SIZE = 768 };
struct assess_line {
    size_t row; /* of assess.def */
    enum assess_verdict verdict;
    char subject[65]; /* of a row with several lines: library, lane, key …; or empty */
    char text[ASSESS_TEXT_SIZE]; /* one sentence: why */
};

struct sheet {
    const Segel__V1__GetAssessmentResponse *got; /* borrowed, as the roster */
    const Segel__V1__GetStatusResponse *status;  /* of got */
    const Segel__V1__GetRosterResponse *roster;
    bool indonesian;
    size_t row;                       /* that is written now */
    size_t verdicts[ASSESS_VERDICTS]; /* of all lines, those too that found no place */
    size_t count;
    struct assess_line lines[ASSESS_LINES_MAX];
};

/* sheet.c: fills lines and verdicts. SG_INTERNAL: the gateway left out a part. */
SG_MUST_USE enum sg_status assess_fill(struct sheet *sheet, struct sg_error *why);
const char *assess_row_name(size_t row);
const char *assess_row_label(size_t row, bool indonesian);
const char *assess_verdict_name(enum assess_verdict verdict); /* "pass": for machines */

/* One line of the row that is written. subject: "" where there is one line only. */
__attribute__((format(printf, 4, 5))) void assess_add(struct sheet *sheet,
                                                      enum assess_verdict verdict,
                                                      const char *subject,
                                                      const char *format, ...);
size_t assess_lines(const struct sheet *sheet); /* those too that found no place */
/* When something ends: gone is a fail, less than 30 days a warning. */
void assess_end(struct sheet *sheet, const char *subject, int64_t until_us);

/* process.c, people.c, keys.c, log.c: the rows. */
#define ASSESS(function, name, indonesian, english) void function(struct sheet *sheet);
#include "client/commands/assess/assess.def"
#undef ASSESS

/* print.c */
void assess_print(const struct sheet *sheet);
SG_MUST_USE enum sg_status assess_print_json(const struct sheet *sheet);

#endif
