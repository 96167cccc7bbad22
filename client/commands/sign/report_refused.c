#include <stdio.h>
#include <string.h>

#include "client/commands/sign/report_inside.h"
#include "client/console/screen.h"

/* --- JSON -------------------------------------------------------------------------- */

static void json_failure(struct json_out *out, const Segel__V1__RuleVerdict *failure)
{
    json_open_object(out, NULL);
    json_str(out, "rule", failure->rule);
    json_str(out, "cp_section", failure->cp_section);
    json_str(out, "code", failure->code);
    json_str(out, "fact", failure->fact);
    json_str(out, "found", failure->found);
    json_str(out, "required", failure->required);
    json_str(out, "message", failure->message);
    json_end(out);
}

static const Segel__V1__PolicyDenial *denial_of(const Segel__V1__SignResult *result)
{
    return result == NULL || result->status == NULL ? NULL : result->status->denial;
}

static void refused_as_json(const struct sign_refusal *refusal)
{
    const Segel__V1__PolicyDenial *denial = denial_of(refusal->result);
    struct json_out out;

    sign_report_begin(&out, refusal->path, "refused");
    json_str(&out, "code", refusal->code);
    json_str(&out, "message", refusal->text);
    if (refusal->result != NULL) {
        sign_report_result(&out, refusal->result);
    }
    if (denial != NULL) {
        json_open_array(&out, "failures");
        for (size_t i = 0; i < denial->n_failures; i++) {
            json_failure(&out, denial->failures[i]);
        }
        json_end(&out);
        if (denial->more > 0) {
            json_uint(&out, "failures_more", denial->more);
        }
    }
    sign_report_print(&out);
}

/* --- Lines ------------------------------------------------------------------------- */

/* What the person in front of this program can do about it; by the fact that decided. */
static const struct {
    const char *fact;
    const char *hint;
    const char *beside; /* where nothing can be shown */
} hints[] = {
    {"job.notice",
     "let segel print the statement (--rect), or say that the letter carries "
     "it (--notice-shown)",
     "say that the file carries the statement (--notice-shown)"},
};

static void print_hint(const Segel__V1__RuleVerdict *failure, bool beside)
{
    for (size_t i = 0; i < SG_COUNT(hints); i++) {
        if (strcmp(hints[i].fact, failure->fact) == 0) {
            (void)printf("; %s", beside ? hints[i].beside : hints[i].hint);
        }
    }
}

static void print_rule(const struct sign_refusal *refusal)
{
    const Segel__V1__PolicyDenial *denial = denial_of(refusal->result);

    if (denial == NULL || denial->n_failures == 0) {
        return;
    }
    (void)printf(" (rule ");
    screen_text(stdout, denial->failures[0]->rule);
    (void)printf(", CP section ");
    screen_text(stdout, denial->failures[0]->cp_section);
    size_t more = denial->n_failures - 1 + denial->more;
    if (more > 0) {
        (void)printf(", and %zu more", more);
    }
    (void)printf(")");
    print_hint(denial->failures[0], refusal->beside);
}

static void count_reason(struct sign_report *report, const char *word)
{
    size_t i = 0;

    while (i < SIGN_REASONS_MAX && report->reasons[i].count > 0 &&
           strncmp(report->reasons[i].word, word, SIGN_REASON_SIZE - 1) != 0) {
        i++;
    }
    if (i < SIGN_REASONS_MAX) {
        (void)snprintf(report->reasons[i].word, SIGN_REASON_SIZE, "%s", word);
        report->reasons[i].count++;
    }
}

static void keep_refusal(struct sign_report *report, const struct sign_refusal *refusal)
{
    const Segel__V1__PolicyDenial *denial = denial_of(refusal->result);
    struct sign_result_row row = sign_report_row(refusal->path, "refused");

    row.reason = refusal->code;
    row.message = refusal->text;
    row.request_id = refusal->request_id;
    sign_report_answer(&row, refusal->result);
    if (denial != NULL && denial->n_failures > 0) {
        row.rule = denial->failures[0]->rule;
        row.cp_section = denial->failures[0]->cp_section;
    }
    sign_report_put(report, &row);
}

void sign_report_refused(struct sign_report *report, const struct sign_refusal *refusal)
{
    report->refused_count++;
    count_reason(report, refusal->code);
    keep_refusal(report, refusal);
    if (report->json) {
        refused_as_json(refusal);
        return;
    }
    sign_report_clear(report);
    sign_report_line(SCREEN_RED, report->dry ? "would be refused" : "refused",
                     refusal->path);
    (void)printf(": ");
    screen_text(stdout, refusal->text);
    print_rule(refusal);
    (void)printf("\n");
    (void)fflush(stdout);
    sign_report_draw(report, true);
}
