#include <stdio.h>
#include <string.h>

#include "client/commands/verify/notice.h"
#include "client/commands/verify/words.h"
#include "client/console/screen.h"
#include "proto/json.h"

/* --- For people -------------------------------------------------------------------- */

static void print_fact(enum verify_phrase title, enum verify_phrase text, int page,
                       bool unclear, enum verify_lang lang)
{
    (void)printf("    %-15s %s", verify_phrase(title, lang), verify_phrase(text, lang));
    if (page > 0) {
        (void)printf(" (%s %d)", verify_phrase(WORD_PAGE, lang), page);
    }
    (void)printf("%s\n", unclear ? verify_phrase(WORD_UNCLEAR, lang) : "");
}

void verify_notice_print(const struct verify_finding *finding,
                         const struct verify_report *report, enum verify_lang lang)
{
    const struct pdf_shown_stamp *stamp = verify_notice_of(finding, report);

    if (stamp == NULL || report->is_time_stamp) {
        return;
    }
    if (!stamp->visible) {
        print_fact(WORD_STATEMENT, WORD_INVISIBLE, 0, false, lang);
        return;
    }
    print_fact(WORD_STATEMENT, stamp->statement ? WORD_STATED_STAMP : WORD_UNSTATED_STAMP,
               stamp->page, !stamp->statement && stamp->unclear, lang);
    if (finding->wants_logo) {
        print_fact(WORD_LOGO, stamp->logo ? WORD_LOGO_STAMP : WORD_NO_LOGO_STAMP, 0,
                   false, lang);
    }
}

/* Without the advice behind it: who makes a letter anew that is validly signed loses its
 * signature. */
static void print_cause(const struct verify_finding *finding)
{
    const char *reason = finding->reason;
    char cause[sizeof(finding->reason)];
    const char *advice = strstr(reason, ": ");

    (void)snprintf(cause, sizeof(cause), "%.*s",
                   advice == NULL ? (int)strlen(reason) : (int)(advice - reason), reason);
    screen_text(stdout, cause);
    (void)fputc('\n', stdout);
}

/* What no stamp has may stand in the letter itself. */
void verify_notice_print_file(const struct verify_finding *finding, enum verify_lang lang)
{
    const struct pdf_shown *shown = finding->shown;

    if (finding->unseen.text[0] != '\0') {
        (void)printf("    %-15s %s: ", verify_phrase(WORD_STATEMENT, lang),
                     verify_phrase(WORD_UNSEEN, lang));
        print_cause(finding);
    }
    if (shown == NULL) {
        return;
    }
    if (shown->page > 0) {
        print_fact(WORD_STATEMENT, WORD_STATED_PAGE, shown->page, false, lang);
    } else if (!verify_notice_stated(shown)) {
        print_fact(WORD_STATEMENT, WORD_UNSTATED_PAGE, 0, shown->unclear, lang);
    }
}

/* --- For programs ------------------------------------------------------------------ */

void verify_notice_json(struct json_out *out, const struct verify_finding *finding,
                        const struct verify_report *report)
{
    const struct pdf_shown_stamp *stamp = verify_notice_of(finding, report);

    if (stamp == NULL || report->is_time_stamp) {
        return;
    }
    json_open_object(out, "stamp");
    json_bool(out, "visible", stamp->visible);
    if (stamp->page > 0) {
        json_int(out, "page", stamp->page);
    }
    json_bool(out, "statement", stamp->statement);
    if (finding->wants_logo) {
        json_bool(out, "logo", stamp->logo);
    }
    json_uint(out, "pictures", stamp->pictures);
    json_bool(out, "unclear", stamp->unclear);
    json_str(out, "text", stamp->text);
    json_end(out);
}

void verify_notice_json_file(struct json_out *out, const struct verify_finding *finding)
{
    const struct pdf_shown *shown = finding->shown;

    if (finding->unseen.text[0] != '\0') {
        json_open_object(out, "statement");
        json_bool(out, "shown", false);
        json_str(out, "where", "none");
        json_bool(out, "unclear", true);
        json_str(out, "problem", finding->unseen.text);
        json_end(out);
    }
    if (shown == NULL) {
        return;
    }
    bool stated = verify_notice_stated(shown);
    json_open_object(out, "statement");
    json_bool(out, "shown", stated);
    json_str(out, "where", shown->page > 0 ? "page" : stated ? "stamp" : "none");
    if (shown->page > 0) {
        json_int(out, "page", shown->page);
    }
    if (!stated) {
        json_bool(out, "unclear", shown->unclear);
    }
    json_end(out);
}
