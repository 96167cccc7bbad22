#include <stdio.h>
#include <stdlib.h>

#include "client/call/kind_words.h"
#include "client/commands/assess/sheet.h"
#include "client/console/screen.h"
#include "proto/json.h"

enum { JSON_BYTES = 4 << 20, VERDICT_WIDTH = 16, LABEL_WIDTH = 27 };

static const struct {
    const char *indonesian;
    const char *english;
    enum screen_colour colour;
} words[ASSESS_VERDICTS] = {
    [ASSESS_PASS] = {"lulus", "pass", SCREEN_GREEN},
    [ASSESS_WARN] = {"perhatian", "warn", SCREEN_YELLOW},
    [ASSESS_FAIL] = {"gagal", "FAIL", SCREEN_RED},
    [ASSESS_NOT] = {"tidak berlaku", "not applicable", SCREEN_DIM},
};

static const char *word_of(enum assess_verdict verdict, bool indonesian)
{
    return indonesian ? words[verdict].indonesian : words[verdict].english;
}

static void print_line(const struct sheet *sheet, const struct assess_line *line)
{
    (void)fputs(screen_colour(stdout, words[line->verdict].colour), stdout);
    screen_cell(stdout, word_of(line->verdict, sheet->indonesian), VERDICT_WIDTH);
    (void)fputs(screen_colour(stdout, SCREEN_PLAIN), stdout);
    screen_cell(stdout, assess_row_label(line->row, sheet->indonesian), LABEL_WIDTH);
    if (line->subject[0] != '\0') {
        screen_text(stdout, line->subject);
        (void)fputs(": ", stdout);
    }
    screen_folded(stdout, line->text, VERDICT_WIDTH + LABEL_WIDTH);
    (void)fputc('\n', stdout);
}

void assess_print(const struct sheet *sheet)
{
    char now[INSTANT_SIZE];

    instant_text(sheet->status->now_us, now);
    (void)fputs(sheet->indonesian ? "Lembar penilaian gerbang "
                                  : "Assessment of the gateway ",
                stdout);
    screen_text(stdout, sheet->status->gateway->node);
    (void)printf(", %s\n\n", now);
    for (size_t i = 0; i < sheet->count; i++) {
        print_line(sheet, &sheet->lines[i]);
    }
    if (assess_lines(sheet) > sheet->count) {
        (void)printf(sheet->indonesian ? "… dan %zu baris lagi\n"
                                       : "… and %zu lines more\n",
                     assess_lines(sheet) - sheet->count);
    }
    (void)fputc('\n', stdout);
    for (size_t i = 0; i < ASSESS_VERDICTS; i++) {
        (void)printf("%s%zu %s", i == 0 ? "" : ", ", sheet->verdicts[i],
                     word_of((enum assess_verdict)i, sheet->indonesian));
    }
    (void)fputc('\n', stdout);
}

/* --- For machines ------------------------------------------------------------------ */

static void json_line(struct json_out *out, const struct assess_line *line)
{
    json_open_object(out, NULL);
    json_str(out, "name", assess_row_name(line->row));
    json_str(out, "subject", line->subject);
    json_str(out, "verdict", assess_verdict_name(line->verdict));
    json_str(out, "text", line->text);
    json_end(out);
}

static void json_sheet(struct json_out *out, const struct sheet *sheet)
{
    json_open_object(out, NULL);
    json_time(out, "now", sheet->status->now_us);
    json_str(out, "node", sheet->status->gateway->node);
    json_str(out, "version", sheet->status->gateway->version);
    json_bool(out, "passed", sheet->verdicts[ASSESS_FAIL] == 0);
    json_open_object(out, "lines_by_verdict");
    for (size_t i = 0; i < ASSESS_VERDICTS; i++) {
        json_uint(out, assess_verdict_name((enum assess_verdict)i), sheet->verdicts[i]);
    }
    json_end(out);
    json_open_array(out, "lines");
    for (size_t i = 0; i < sheet->count; i++) {
        json_line(out, &sheet->lines[i]);
    }
    json_end(out);
    json_end(out);
}

/* Members are added, never renamed or taken away. */
enum sg_status assess_print_json(const struct sheet *sheet)
{
    char *buffer = (char *)malloc(JSON_BYTES);
    struct json_out out;
    struct slice text;

    if (buffer == NULL) {
        return SG_NO_MEMORY;
    }
    json_start(&out, buffer, JSON_BYTES);
    json_sheet(&out, sheet);
    enum sg_status status = json_finish(&out, &text);
    if (status == SG_OK) {
        (void)printf("%.*s\n", (int)text.len, (const char *)text.data);
    }
    free(buffer);
    return status;
}
