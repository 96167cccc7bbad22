#include "client/commands/assess/sheet.h"

#include <stdarg.h>
#include <stdio.h>

#include "client/call/kind_words.h"
#include "client/commands/status/page.h"

static const struct {
    void (*write)(struct sheet *sheet);
    const char *name;
    const char *indonesian;
    const char *english;
} rows[] = {
#define ASSESS(function, name, indonesian, english) {function, name, indonesian, english},
#include "client/commands/assess/assess.def"
#undef ASSESS
};

const char *assess_row_name(size_t row)
{
    return rows[row].name;
}

const char *assess_row_label(size_t row, bool indonesian)
{
    return indonesian ? rows[row].indonesian : rows[row].english;
}

const char *assess_verdict_name(enum assess_verdict verdict)
{
    static const char *const names[ASSESS_VERDICTS] = {[ASSESS_PASS] = "pass",
                                                       [ASSESS_WARN] = "warn",
                                                       [ASSESS_FAIL] = "fail",
                                                       [ASSESS_NOT] = "not-applicable"};

    return names[verdict];
}

void assess_add(struct sheet *sheet, enum assess_verdict verdict, const char *subject,
                const char *format, ...)
{
    va_list values;

    sheet->verdicts[verdict]++;
    if (sheet->count == ASSESS_LINES_MAX) {
        return;
    }
    struct assess_line *line = &sheet->lines[sheet->count++];
    line->row = sheet->row;
    line->verdict = verdict;
    (void)snprintf(line->subject, sizeof(line->subject), "%s", subject);
    va_start(values, format);
    (void)vsnprintf(line->text, sizeof(line->text), format, values);
    va_end(values);
}

void assess_end(struct sheet *sheet, const char *subject, int64_t until_us)
{
    static const int64_t soon_us = (int64_t)30 * 86400 * 1000000;
    int64_t left_us = until_us - sheet->status->now_us;
    char until[INSTANT_SIZE];
    char span[SPAN_SIZE];

    instant_text(until_us, until);
    span_text(left_us, sheet->indonesian, span);
    if (left_us <= 0) {
        assess_add(sheet, ASSESS_FAIL, subject,
                   sheet->indonesian ? "berakhir pada %s" : "it ended at %s", until);
        return;
    }
    assess_add(sheet, left_us < soon_us ? ASSESS_WARN : ASSESS_PASS, subject,
               sheet->indonesian ? "berlaku sampai %s, sisa %s"
                                 : "it is good until %s, for another %s",
               until, span);
}

size_t assess_lines(const struct sheet *sheet)
{
    size_t sum = 0;

    for (size_t i = 0; i < ASSESS_VERDICTS; i++) {
        sum += sheet->verdicts[i];
    }
    return sum;
}

/* A row about which the gateway names nothing does not vanish. */
static void write_row(struct sheet *sheet)
{
    size_t before = assess_lines(sheet);

    rows[sheet->row].write(sheet);
    if (assess_lines(sheet) == before) {
        assess_add(sheet, ASSESS_NOT, "", "%s",
                   sheet->indonesian ? "tidak ada" : "there is none");
    }
}

static enum sg_status check(const struct sheet *sheet, struct sg_error *why)
{
    const Segel__V1__GetAssessmentResponse *got = sheet->got;

    if (got->status == NULL || got->process == NULL || got->doors == NULL ||
        got->duties == NULL) {
        return sg_fail(why, SG_INTERNAL,
                       "the gateway's answer lacks a part: is it of another version?");
    }
    return status_check(got->status, why);
}

enum sg_status assess_fill(struct sheet *sheet, struct sg_error *why)
{
    TRY(check(sheet, why));
    sheet->status = sheet->got->status;
    for (sheet->row = 0; sheet->row < SG_COUNT(rows); sheet->row++) {
        write_row(sheet);
    }
    return SG_OK;
}
