#include "client/commands/verify/notice.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/commands/verify/words.h"
#include "client/pdf/pdf.h"
#include "proto/json.h"

/* A valid signature of a letter whose content cannot be read. */
static struct verify_notice notice;
static struct verify_finding finding;

static void judge(bool needed)
{
    const struct slice pdf = slice_str("no letter");

    finding = (struct verify_finding){
        .path = "a.pdf", .outcome = VERIFY_VALID, .signatures = 1, .problem = ""};
    notice.needed = needed;
    notice.looked = true;
    notice.shown = (struct pdf_shown *)calloc(1, sizeof(*notice.shown));
    verify_notice_judge(&notice, &pdf, &finding);
    verify_put_reason(&finding, VERIFY_LANG_EN);
}

static void done(void)
{
    verify_notice_fini(&notice);
}

TestSuite(verify_notice, .fini = done);

Test(verify_notice, what_cannot_be_read_is_told_with_its_reason)
{
    judge(false);
    cr_expect_eq(finding.outcome, VERIFY_VALID);
    cr_expect_null(finding.shown);
    cr_expect_str_eq(finding.unseen.text, pdf_refusal_text(PDF_NO_HEADER));
    cr_expect_str_eq(verify_why(&finding, VERIFY_LANG_EN), "");
}

Test(verify_notice, a_demand_is_not_met_by_what_cannot_be_read)
{
    judge(true);
    cr_expect_eq(finding.outcome, VERIFY_UNSTATED);
    cr_expect_str_eq(verify_why(&finding, VERIFY_LANG_EN),
                     "whether the letter shows what was demanded cannot be told");
    cr_expect_str_eq(verify_lacks(&finding, VERIFY_LANG_EN),
                     "whether the letter shows what was demanded cannot be told");
}

Test(verify_notice, programs_find_the_reason_beside_the_statement)
{
    char text[1024];
    char told[1024];
    struct json_out out;
    struct slice line;

    judge(false);
    json_start(&out, text, sizeof(text));
    json_open_object(&out, NULL);
    verify_notice_json_file(&out, &finding);
    json_end(&out);
    cr_assert_eq(json_finish(&out, &line), SG_OK);
    (void)snprintf(told, sizeof(told), "%.*s", (int)line.len, (const char *)line.data);
    cr_expect_not_null(strstr(told, "\"shown\":false"), "%s", told);
    cr_expect_not_null(strstr(told, "\"problem\":\"the file does not begin with"), "%s",
                       told);
}

/* --- Reasons ----------------------------------------------------------------------- */

static const char *in_indonesian(const char *problem)
{
    finding = (struct verify_finding){.path = "a.pdf", .problem = problem};
    verify_put_reason(&finding, VERIFY_LANG_ID);
    return finding.reason;
}

Test(verify_reason, each_fault_of_a_pdf_has_its_indonesian_and_keeps_its_detail)
{
    char sentence[1024];
    char plain[1024];

    for (int i = PDF_ACCEPTED + 1; i < PDF_REFUSAL_COUNT; i++) {
        const char *text = pdf_refusal_text((enum pdf_refusal)i);
        (void)snprintf(plain, sizeof(plain), "%s", in_indonesian(text));
        cr_expect(plain[0] != '\0' && strcmp(plain, text) != 0, "%s", text);
        (void)snprintf(sentence, sizeof(sentence), "%s (no catalog)", text);
        const char *detailed = in_indonesian(sentence);
        cr_expect(strncmp(detailed, plain, strlen(plain)) == 0 &&
                      strcmp(detailed + strlen(plain), " (no catalog)") == 0,
                  "%s", detailed);
    }
}

Test(verify_reason, a_file_keeps_its_name_whatever_it_is)
{
    cr_expect_str_eq(in_indonesian("a cannot be read: b.pdf cannot be read: "
                                   "there is no such file"),
                     "a cannot be read: b.pdf tidak dapat dibaca: berkas itu tidak ada");
    cr_expect_str_eq(in_indonesian("the PDF holds no signature"),
                     "PDF ini tidak memuat tanda tangan");
}

Test(verify_reason, a_sentence_without_a_translation_is_told_as_it_is)
{
    cr_expect_str_eq(in_indonesian("something else"), "something else");
    cr_expect_str_eq(in_indonesian(""), "");
}
