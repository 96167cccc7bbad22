#ifndef SEGEL_CLIENT_COMMANDS_SIGN_REPORT_INSIDE_H
#define SEGEL_CLIENT_COMMANDS_SIGN_REPORT_INSIDE_H

#include "client/commands/sign/report.h"
#include "client/console/screen.h"
#include "proto/json.h"

/* Shared by the files of the report; nobody else includes it.
 *
 *   report.c               the bar, result files, letters that were signed or left
 *   report_refused.c       letters that were refused, and why
 *   report_end.c           the summary */

/* The bar: drawn again, at once or when it is time to; it leaves. */
void sign_report_draw(struct sign_report *report, bool now);
void sign_report_clear(const struct sign_report *report);
/* A row of the result files. */
struct sign_result_row sign_report_row(const char *file, const char *outcome);
void sign_report_answer(struct sign_result_row *row, const Segel__V1__SignResult *result);
void sign_report_put(struct sign_report *report, const struct sign_result_row *row);
/* An object of --json: begun, the gateway's answer, ended and printed as a line. */
void sign_report_begin(struct json_out *out, const char *path, const char *status);
void sign_report_result(struct json_out *out, const Segel__V1__SignResult *result);
void sign_report_print(struct json_out *out);
/* "signed letter.pdf", without a line's end. */
void sign_report_line(enum screen_colour colour, const char *word, const char *path);

#endif
