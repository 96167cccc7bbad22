#include "client/commands/verify/print.h"

#include <stdio.h>

#include "client/commands/verify/notice.h"
#include "client/commands/verify/words.h"
#include "client/console/screen.h"
#include "proto/text.h"

enum { TITLE_WIDTH = 16, FACT_INDENT = 4 + TITLE_WIDTH };

static const struct {
    const char *text[2]; /* by enum verify_lang */
    enum screen_colour colour;
} marks[] = {
    [VERIFY_PASS] = {{"ok", "baik"}, SCREEN_GREEN},
    [VERIFY_FAIL] = {{"FAILED", "GAGAL"}, SCREEN_RED},
    [VERIFY_UNKNOWN] = {{"unknown", "tidak diketahui"}, SCREEN_YELLOW},
    [VERIFY_NOTE] = {{"note", "catatan"}, SCREEN_YELLOW},
};

static enum screen_colour colour_of(enum verify_outcome outcome)
{
    if (outcome == VERIFY_VALID) {
        return SCREEN_GREEN;
    }
    return outcome == VERIFY_UNSURE ? SCREEN_YELLOW : SCREEN_RED;
}

/* --- One signature ----------------------------------------------------------------- */

static void print_check(const struct verify_check *check, enum verify_lang lang)
{
    (void)printf("    %-15s %s%-16s%s ", verify_title(check, lang),
                 screen_colour(stdout, marks[check->mark].colour),
                 marks[check->mark].text[lang], screen_colour(stdout, SCREEN_PLAIN));
    screen_text(stdout, verify_sentence(check, lang));
    (void)fputc('\n', stdout);
}

static void print_fact(enum verify_phrase title, const char *text, enum verify_lang lang)
{
    if (text[0] != '\0') {
        (void)printf("    %-15s ", verify_phrase(title, lang));
        screen_text(stdout, text);
        (void)fputc('\n', stdout);
    }
}

/* The verdict's text has one place for the signer, whose name came from outside. */
static void print_verdict(enum verify_phrase verdict, enum screen_colour colour,
                          const char *signer, enum verify_lang lang)
{
    const char *text = verify_phrase(verdict, lang);
    const char *place = strstr(text, "%s");
    int head = place == NULL ? (int)strlen(text) : (int)(place - text);

    (void)printf("%s%.*s", screen_colour(stdout, colour), head, text);
    if (place != NULL) {
        screen_text(stdout, signer[0] == '\0' ? "?" : signer);
        (void)printf("%s", place + 2);
    }
    (void)printf("%s.\n", screen_colour(stdout, SCREEN_PLAIN));
}

static enum verify_phrase verdict_of(const struct verify_report *report)
{
    if (report->is_time_stamp) {
        return report->valid ? WORD_STAMP : WORD_STAMP_BAD;
    }
    switch (verify_report_outcome(report)) {
    case VERIFY_VALID:
        return report->added ? WORD_VALID_THEN : WORD_VALID;
    case VERIFY_UNSURE:
        return WORD_UNSURE;
    case VERIFY_UNSIGNED:
    case VERIFY_UNREADABLE:
    case VERIFY_UNSTATED:
    case VERIFY_SHORT:
    case VERIFY_INVALID:
    case VERIFY_OUTCOMES:
        break;
    }
    return WORD_INVALID;
}

static void print_time(const struct verify_report *report, enum verify_lang lang)
{
    bool proven = report->proven_us != 0;
    int64_t us = proven ? report->proven_us : report->signing_time_us;
    char time[TEXT_TIME_SIZE] = "";

    if (us <= 0) {
        return;
    }
    text_time(us, time);
    (void)printf("    %-15s %s, %s", verify_phrase(WORD_TIME, lang), time,
                 verify_phrase(proven ? WORD_PROVEN : WORD_STATED, lang));
    /* A time-stamp of the document proves its own time. */
    const char *by = report->authority[0] == '\0' ? report->signer : report->authority;
    screen_text(stdout, proven ? by : "");
    (void)fputc('\n', stdout);
}

static void print_level(const struct verify_report *report, enum verify_lang lang)
{
    bool ltv = report->rank >= VERIFY_B_LT;

    print_fact(WORD_LEVEL,
               report->level[0] == '\0' ? verify_phrase(WORD_NO_LEVEL, lang)
                                        : report->level,
               lang);
    if (report->missing != VERIFY_MISSING_NOTHING && report->level[0] != '\0') {
        (void)printf("%*s%s\n", FACT_INDENT, "",
                     verify_missing_text(report->missing, lang == VERIFY_LANG_ID));
    }
    print_fact(WORD_LTV, verify_phrase(ltv ? WORD_YES : WORD_NO, lang), lang);
}

static void print_changes(const struct pdf_changes *changes, enum verify_lang lang)
{
    char text[256];

    for (size_t i = 0; i < changes->count; i++) {
        pdf_change_say(&changes->at[i], lang == VERIFY_LANG_ID, text, sizeof(text));
        (void)printf("    %-15s ", i == 0 ? verify_phrase(WORD_CHANGE, lang) : "");
        bool allowed = pdf_change_allowed(changes->at[i].kind);
        (void)printf("%s", screen_colour(stdout, allowed ? SCREEN_PLAIN : SCREEN_RED));
        screen_text(stdout, text);
        (void)printf("%s\n", screen_colour(stdout, SCREEN_PLAIN));
    }
}

static void print_report(const struct verify_report *report, enum verify_lang lang)
{
    print_fact(WORD_SIGNER, report->signer_dn, lang);
    print_fact(WORD_OFFICE, report->office, lang);
    print_fact(WORD_ISSUER, report->issuer_dn, lang);
    print_fact(WORD_SERIAL, report->serial, lang);
    print_time(report, lang);
    print_fact(WORD_REASON, report->reason, lang);
    print_fact(WORD_PLACE, report->location, lang);
    if (!report->is_time_stamp) {
        print_level(report, lang);
    }
    print_changes(&report->changes, lang);
    for (size_t i = 0; i < report->count; i++) {
        print_check(&report->checks[i], lang);
    }
}

void verify_print_people(const struct verify_finding *finding, enum verify_lang lang)
{
    screen_text(stdout, finding->path);
    (void)fputc('\n', stdout);
    if (finding->problem[0] != '\0') {
        bool none = finding->outcome == VERIFY_UNSIGNED;
        (void)printf("  ");
        print_verdict(none ? WORD_NONE : WORD_UNREADABLE, colour_of(finding->outcome), "",
                      lang);
        (void)printf("    ");
        screen_text(stdout, finding->reason);
        (void)fputc('\n', stdout);
    }
    for (size_t i = 0; i < finding->count; i++) {
        const struct verify_report *report = &finding->reports[i];
        (void)printf("  ");
        if (finding->count > 1) {
            (void)printf(lang == VERIFY_LANG_ID ? "%zu dari %zu: " : "%zu of %zu: ",
                         i + 1, finding->count);
        }
        print_verdict(verdict_of(report), colour_of(verify_report_outcome(report)),
                      report->signer, lang);
        print_report(report, lang);
        verify_notice_print(finding, report, lang);
    }
    verify_notice_print_file(finding, lang);
    const char *lacks = verify_lacks(finding, lang);
    if (lacks[0] != '\0') {
        (void)printf("  %s%s%s: %s\n", screen_colour(stdout, colour_of(finding->outcome)),
                     verify_outcome_text(finding->outcome, lang),
                     screen_colour(stdout, SCREEN_PLAIN), lacks);
    }
}

/* --- Many files -------------------------------------------------------------------- */

void verify_print_head(enum verify_lang lang)
{
    (void)printf("%-20s%-8s%-22s", verify_phrase(WORD_HEAD, lang),
                 verify_phrase(WORD_LEVEL, lang), verify_phrase(WORD_TIME, lang));
    screen_cell(stdout, verify_phrase(WORD_SIGNER, lang), 28);
    (void)printf("%s\n", verify_phrase(WORD_FILE_NAME, lang));
}

/* Of several signatures the last one's signer and time, and the lowest level. */
static const struct verify_report *last_signature(const struct verify_finding *finding,
                                                  enum verify_level *lowest)
{
    const struct verify_report *last = NULL;

    *lowest = VERIFY_B_LTA;
    for (size_t i = 0; i < finding->count; i++) {
        if (!finding->reports[i].is_time_stamp) {
            last = &finding->reports[i];
            *lowest = last->rank < *lowest ? last->rank : *lowest;
        }
    }
    return last;
}

static void print_columns(const struct verify_report *last, enum verify_level level)
{
    int64_t us = last->proven_us > 0 ? last->proven_us : last->signing_time_us;
    char time[TEXT_TIME_SIZE] = "-";

    if (us > 0) {
        text_time(us, time);
        time[19] = '\0'; /* seconds are enough */
    }
    (void)printf("%-8s%-20s%c ",
                 level == VERIFY_LEVEL_NONE ? "-" : verify_level_name(level), time,
                 last->proven_us > 0 ? '*' : ' ');
    screen_cell(stdout, last->signer, 28);
}

void verify_print_line(const struct verify_finding *finding, enum verify_lang lang)
{
    enum verify_level level = VERIFY_LEVEL_NONE;
    const struct verify_report *last = last_signature(finding, &level);

    (void)printf("%s%-20s%s", screen_colour(stdout, colour_of(finding->outcome)),
                 verify_outcome_text(finding->outcome, lang),
                 screen_colour(stdout, SCREEN_PLAIN));
    if (last != NULL) {
        print_columns(last, level);
    } else {
        (void)printf("%-8s%-22s%-28s", "-", "-", "-");
    }
    screen_text(stdout, finding->path);
    (void)fputc('\n', stdout);
    if (finding->outcome != VERIFY_VALID) {
        (void)printf("%20s", "");
        screen_text(stdout, verify_why(finding, lang));
        (void)fputc('\n', stdout);
    }
}

void verify_print_totals(const size_t counts[VERIFY_OUTCOMES], enum verify_lang lang)
{
    size_t all = 0;
    bool some = false;

    for (size_t i = 0; i < VERIFY_OUTCOMES; i++) {
        all += counts[i];
    }
    (void)printf(lang == VERIFY_LANG_ID ? "\n%zu berkas: " : "\n%zu files: ", all);
    for (size_t i = 0; i < VERIFY_OUTCOMES; i++) {
        if (counts[i] > 0) {
            (void)printf("%s%zu %s", some ? ", " : "", counts[i],
                         verify_outcome_text((enum verify_outcome)i, lang));
            some = true;
        }
    }
    (void)printf(lang == VERIFY_LANG_ID ? ". *: waktu dibuktikan stempel waktu\n"
                                        : ". *: the time is proven by a time-stamp\n");
}
