#include "client/commands/sign/report.h"

#include <stdio.h>
#include <string.h>

#include "client/channel/moment.h"
#include "client/commands/sign/report_inside.h"
#include "client/console/file.h"
#include "client/console/progress.h"
#include "client/console/screen.h"

enum { DRAW_EVERY_US = 100000, JSON_SIZE = 262144, RECEIPT_SIZE = 4096 + 16 };

/* --- The bar ----------------------------------------------------------------------- */

void sign_report_draw(struct sign_report *report, bool now)
{
    struct progress progress = {.total = report->total,
                                .done = report->signed_count + report->refused_count +
                                        report->skipped_count,
                                .refused = report->refused_count,
                                .elapsed_us = moment_mono_us() - report->started_us};
    char line[PROGRESS_SIZE];

    if (!report->bar || (!now && moment_mono_us() - report->drawn_us < DRAW_EVERY_US)) {
        return;
    }
    report->drawn_us = moment_mono_us();
    progress_line(&progress, line);
    (void)fprintf(stderr, "\r%s\x1b[K", line);
    (void)fflush(stderr);
}

/* stdout and stderr may be the same terminal: the bar leaves before a line is printed. */
void sign_report_clear(const struct sign_report *report)
{
    if (report->bar) {
        (void)fprintf(stderr, "\r\x1b[K");
        (void)fflush(stderr);
    }
}

void sign_report_start(struct sign_report *report, size_t total)
{
    report->total = total;
    report->started_us = moment_mono_us();
    report->bar = !report->json && !report->quiet && screen_is_terminal(stderr);
    sign_report_draw(report, true);
}

/* --- Result files ------------------------------------------------------------------ */

void sign_report_put(struct sign_report *report, const struct sign_result_row *row)
{
    struct sg_error why;

    for (size_t i = 0; i < SIGN_RESULTS_MAX; i++) {
        if (sign_result_put(&report->results[i], row, &why) != SG_OK) {
            sign_report_note(report, why.text);
        }
    }
}

struct sign_result_row sign_report_row(const char *file, const char *outcome)
{
    return (struct sign_result_row){.file = file,
                                    .output = "",
                                    .outcome = outcome,
                                    .request_id = "",
                                    .decision_id = "",
                                    .log = "",
                                    .receipt = "",
                                    .reason = "",
                                    .message = "",
                                    .rule = "",
                                    .cp_section = "",
                                    .level = ""};
}

void sign_report_answer(struct sign_result_row *row, const Segel__V1__SignResult *result)
{
    if (result == NULL) {
        return;
    }
    row->decision_id = result->decision_id;
    if (result->log != NULL) {
        row->log = result->log->origin;
        row->has_index = true;
        row->log_index = result->log->index;
    }
}

/* Where the receipt will lie; of a letter whose request is not known, where it lies. */
static void add_receipt(struct sign_report *report, struct sign_result_row *row,
                        char receipt[RECEIPT_SIZE])
{
    if (!report->wants_receipts) {
        return;
    }
    (void)snprintf(receipt, RECEIPT_SIZE, "%s.tlog-proof", row->output);
    if (row->request_id[0] != '\0' || file_exists(receipt)) {
        row->receipt = receipt;
    } else {
        report->unproven_count++;
    }
}

/* --- JSON -------------------------------------------------------------------------- */

void sign_report_print(struct json_out *out)
{
    struct slice text;

    json_end(out);
    if (json_finish(out, &text) == SG_OK) {
        (void)fwrite(text.data, 1, text.len, stdout);
        (void)fputc('\n', stdout);
        (void)fflush(stdout);
    }
}

void sign_report_begin(struct json_out *out, const char *path, const char *status)
{
    static char buffer[JSON_SIZE];

    json_start(out, buffer, sizeof(buffer));
    json_open_object(out, NULL);
    json_str(out, "file", path);
    json_str(out, "status", status);
}

void sign_report_result(struct json_out *out, const Segel__V1__SignResult *result)
{
    json_str(out, "request_id", result->request_id);
    json_str(out, "decision_id", result->decision_id);
    json_uint(out, "attempt", result->attempt);
    json_bool(out, "replayed", result->replayed != 0);
    if (result->log != NULL) {
        json_str(out, "log", result->log->origin);
        json_uint(out, "log_index", result->log->index);
    }
}

/* --- Lines ------------------------------------------------------------------------- */

void sign_report_line(enum screen_colour colour, const char *word, const char *path)
{
    (void)printf("%s%s%s ", screen_colour(stdout, colour), word,
                 screen_colour(stdout, SCREEN_PLAIN));
    screen_text(stdout, path);
}

/* What it lacks. */
static void print_less(const struct sign_success *success)
{
    if (success->result->downgraded != 0) {
        (void)printf(" (without a time-stamp)");
    } else if (success->less != NULL) {
        (void)printf(" (%s: ", success->level);
        screen_text(stdout, success->less);
        (void)printf(")");
    }
}

static void signed_as_json(const struct sign_success *success)
{
    struct json_out out;

    sign_report_begin(&out, success->path, "signed");
    json_str(&out, "output", success->output);
    sign_report_result(&out, success->result);
    json_bool(&out, "downgraded", success->result->downgraded != 0);
    json_str(&out, "level", success->level);
    if (success->less != NULL) {
        json_str(&out, "message", success->less);
    }
    sign_report_print(&out);
}

void sign_report_signed(struct sign_report *report, const struct sign_success *success)
{
    struct sign_result_row row = sign_report_row(success->path, "signed");
    char receipt[RECEIPT_SIZE];

    report->signed_count++;
    report->downgraded_count += success->result->downgraded != 0 ? 1 : 0;
    row.output = success->output;
    row.level = success->level;
    row.message = success->less == NULL ? "" : success->less;
    row.request_id = success->result->request_id;
    sign_report_answer(&row, success->result);
    add_receipt(report, &row, receipt);
    sign_report_put(report, &row);
    if (report->json) {
        signed_as_json(success);
        return;
    }
    /* On a terminal the bar counts them; thousands of lines would hide the refusals. */
    if (!report->quiet && (!report->bar || success->less != NULL)) {
        sign_report_clear(report);
        sign_report_line(SCREEN_GREEN, "signed", success->path);
        print_less(success);
        (void)printf("\n");
    }
    sign_report_draw(report, false);
}

void sign_report_skipped(struct sign_report *report, const char *path, const char *output,
                         const char *request_id, uint64_t log_index)
{
    struct sign_result_row row =
        sign_report_row(path, request_id[0] == '\0' ? "skipped" : "signed");
    char receipt[RECEIPT_SIZE];
    struct json_out out;

    report->skipped_count++;
    row.output = output;
    row.request_id = request_id;
    row.has_index = request_id[0] != '\0';
    row.log_index = log_index;
    add_receipt(report, &row, receipt);
    sign_report_put(report, &row);
    if (report->json) {
        sign_report_begin(&out, path, "skipped");
        sign_report_print(&out);
    } else if (!report->bar && !report->quiet) {
        sign_report_line(SCREEN_DIM, "skipped", path);
        (void)printf(": it is there already\n");
    }
    sign_report_draw(report, false);
}

void sign_report_left(struct sign_report *report, const char *path,
                      const char *request_id, const char *why)
{
    struct sign_result_row row = sign_report_row(path, "not-done");
    struct json_out out;

    row.request_id = request_id;
    row.message = why;
    sign_report_put(report, &row);
    if (report->json) {
        sign_report_begin(&out, path, "not-done");
        if (request_id[0] != '\0') {
            json_str(&out, "request_id", request_id);
        }
        json_str(&out, "message", why);
        sign_report_print(&out);
    }
}

void sign_report_allowed(struct sign_report *report, const char *path)
{
    struct json_out out;

    report->signed_count++;
    if (report->json) {
        sign_report_begin(&out, path, "allowed");
        sign_report_print(&out);
    } else if (!report->bar && !report->quiet) {
        sign_report_line(SCREEN_GREEN, "allowed", path);
        (void)printf("\n");
    }
    sign_report_draw(report, false);
}

void sign_report_receipt(struct sign_report *report, const char *output, const char *path)
{
    struct json_out out;

    report->receipt_count++;
    if (report->json) {
        sign_report_begin(&out, output, "receipt");
        json_str(&out, "receipt", path);
        sign_report_print(&out);
    }
}

/* For programs. */
static void put_no_receipt(struct sign_report *report, const char *output,
                           const char *request_id, const char *text)
{
    struct sign_result_row row = sign_report_row(output, "no-receipt");
    struct json_out out;

    report->receiptless_count++;
    row.request_id = request_id;
    row.message = text;
    sign_report_put(report, &row);
    if (report->json) {
        sign_report_begin(&out, output, "no-receipt");
        json_str(&out, "request_id", request_id);
        json_str(&out, "message", text);
        sign_report_print(&out);
    }
}

void sign_report_unfetched(struct sign_report *report, const char *output,
                           const char *request_id)
{
    report->unfetched_count++;
    put_no_receipt(report, output, request_id,
                   "the run ended before it was fetched: --resume fetches it");
}

void sign_report_no_receipt(struct sign_report *report, const char *output,
                            const char *request_id, const char *text)
{
    put_no_receipt(report, output, request_id, text);
    if (report->json) {
        return;
    }
    sign_report_clear(report);
    sign_report_line(SCREEN_YELLOW, "no receipt", output);
    (void)printf(": ");
    screen_text(stdout, text);
    (void)printf("; it is signed: get the receipt later with 'segel receipt %s --out ",
                 request_id);
    screen_text(stdout, output);
    (void)printf(".tlog-proof'\n");
}

void sign_report_note(struct sign_report *report, const char *text)
{
    sign_report_clear(report);
    screen_complain(text);
    sign_report_draw(report, true);
}
