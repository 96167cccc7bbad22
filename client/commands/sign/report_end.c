#include <stdio.h>

#include "client/channel/moment.h"
#include "client/commands/sign/report.h"
#include "client/commands/sign/report_inside.h"
#include "client/console/screen.h"

void sign_report_answered(struct sign_report *report)
{
    report->answered_us = moment_mono_us();
}

static void end_as_json(const struct sign_report *report, size_t left, double seconds)
{
    char buffer[4096];
    struct json_out out;

    json_start(&out, buffer, sizeof(buffer));
    json_open_object(&out, NULL);
    json_str(&out, "run", report->run);
    json_uint(&out, report->dry ? "allowed" : "signed", report->signed_count);
    json_uint(&out, "refused", report->refused_count);
    json_uint(&out, "skipped", report->skipped_count);
    json_uint(&out, "not_done", left);
    json_uint(&out, "downgraded", report->downgraded_count);
    if (report->receipt_count + report->receiptless_count > 0) {
        json_uint(&out, "receipts", report->receipt_count);
        json_uint(&out, "without_receipt", report->receiptless_count);
    }
    json_open_object(&out, "reasons");
    for (size_t i = 0; i < SIGN_REASONS_MAX && report->reasons[i].count > 0; i++) {
        json_uint(&out, report->reasons[i].word, report->reasons[i].count);
    }
    json_end(&out);
    json_double(&out, "seconds", seconds);
    sign_report_print(&out);
}

static void end_as_text(const struct sign_report *report, size_t left, double seconds)
{
    (void)fprintf(stderr, "%zu %s, %zu %s", report->signed_count,
                  report->dry ? "would be signed" : "signed", report->refused_count,
                  report->dry ? "would be refused" : "refused");
    if (report->skipped_count > 0) {
        (void)fprintf(stderr, ", %zu skipped", report->skipped_count);
    }
    if (left > 0) {
        (void)fprintf(stderr, ", %zu not done", left);
    }
    if (report->receipt_count + report->receiptless_count > 0) {
        (void)fprintf(stderr, ", %zu with a receipt", report->receipt_count);
    }
    if (report->downgraded_count > 0) {
        (void)fprintf(stderr, ", %zu without a time-stamp", report->downgraded_count);
    }
    (void)fprintf(stderr, " in %.1f s", seconds);
    if (report->signed_count > 0 && seconds > 0) {
        (void)fprintf(stderr, " (%.1f/s)", (double)report->signed_count / seconds);
    }
    (void)fprintf(stderr, "\n");
    for (size_t i = 0; i < SIGN_REASONS_MAX && report->reasons[i].count > 0; i++) {
        (void)fprintf(stderr, "%8zu refused: ", report->reasons[i].count);
        screen_text(stderr, report->reasons[i].word);
        (void)fprintf(stderr, "\n");
    }
}

size_t sign_report_open(const struct sign_report *report)
{
    size_t done = report->signed_count + report->refused_count + report->skipped_count;

    return report->total > done ? report->total - done : 0;
}

void sign_report_end(struct sign_report *report)
{
    int64_t end_us = report->answered_us != 0 ? report->answered_us : moment_mono_us();
    double seconds = (double)(end_us - report->started_us) / 1e6;
    size_t left = sign_report_open(report);
    char text[256];

    if (report->unproven_count > 0) {
        (void)snprintf(text, sizeof(text),
                       "without a receipt: %zu of the letters that were there already; "
                       "their request ids are not known here: 'segel receipt REQUEST_ID "
                       "--out FILE.tlog-proof' gets one",
                       report->unproven_count);
        sign_report_note(report, text);
    }
    if (report->unfetched_count > 0) {
        (void)snprintf(text, sizeof(text),
                       "%zu of the signed letters have no receipt yet: the same command "
                       "with --resume fetches them",
                       report->unfetched_count);
        sign_report_note(report, text);
    }
    sign_report_clear(report);
    if (report->json) {
        end_as_json(report, left, seconds);
    } else if (!report->quiet) {
        (void)fflush(stdout);
        end_as_text(report, left, seconds);
    } else if (report->downgraded_count > 0) {
        (void)fprintf(stderr, "%zu signed without a time-stamp, as the policy allows\n",
                      report->downgraded_count);
    }
}
