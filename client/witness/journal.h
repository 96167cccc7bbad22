#ifndef SEGEL_CLIENT_WITNESS_JOURNAL_H
#define SEGEL_CLIENT_WITNESS_JOURNAL_H

#include "proto/base.h"
#include "proto/json.h"

/* Log lines of the witness on stderr: one JSON object a line, one write(2) each.
 *
 *     struct journal line;
 *     journal_begin(&line, "info", "ready");
 *     json_str(&line.out, "address", address);
 *     journal_end(&line);
 *
 * A line that nobody takes within 20 ms is lost: nobody may hold the witness up. */
enum { JOURNAL_LINE_MAX = 4096 };
struct journal {
    struct json_out out;
    char text[JOURNAL_LINE_MAX];
};
void journal_begin(struct journal *line, const char *level, const char *event);
void journal_end(struct journal *line);

#endif
