#define _GNU_SOURCE /* NOLINT: the name is the C library's */
#include <criterion/criterion.h>
#include <stdio.h>

#include "client/pdf/reader.h"
#include "tests/unit/pdf/support/letter.h"
#include "tests/unit/pdf/support/signer.h"
#include "tests/unit/pdf/support/tool.h"

/* Every reason to refuse: a lawful letter and a lawful wish, and one fact spoiled. */

struct attempt {
    struct letter letter;
    struct pdf_wish wish;
    size_t claimed_len; /* 0 = the letter's own */
    const char *option; /* of the qpdf program, which then changes the letter */
    int chain;          /* streams that depend on each other */
};

static void visible(struct attempt *attempt)
{
    attempt->wish.page = 1;
    attempt->wish.rect = (struct pdf_rect){.x = 10, .y = 10, .width = 200, .height = 60};
}

static void spoil_header(struct attempt *attempt)
{
    attempt->letter.header = "\n%PDF-1.7\n";
}

static void spoil_size(struct attempt *attempt)
{
    attempt->claimed_len = (size_t)PDF_INPUT_MAX + 1;
}

static void spoil_table(struct attempt *attempt)
{
    attempt->letter.end = "startxref\n9\n%%EOF\n";
}

static void spoil_syntax(struct attempt *attempt)
{
    attempt->letter.objects[2] =
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 300] /Contents 4 0 R 7 7 >>";
}

/* Streams that name each other as their length: the parser follows until its stack ends.
 * Built here because it takes many. */
static void spoil_simplicity(struct attempt *attempt)
{
    attempt->chain = 40000;
}

static void spoil_openness(struct attempt *attempt)
{
    attempt->option = "--encrypt";
}

static void spoil_end(struct attempt *attempt)
{
    attempt->letter.end = "startxre";
}

static void spoil_numbers(struct attempt *attempt)
{
    attempt->letter.objects[2] =
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 300] /Group 9000000 0 R >>";
}

static void spoil_pages(struct attempt *attempt)
{
    attempt->letter.objects[1] = "<< /Type /Pages /Kids [<< /Type /Page >>] /Count 1 >>";
}

static void spoil_page_number(struct attempt *attempt)
{
    visible(attempt);
    attempt->wish.page = 2;
}

static void spoil_rotation(struct attempt *attempt)
{
    visible(attempt);
    attempt->letter.objects[2] =
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 300] /Rotate 45 >>";
}

static void spoil_rectangle(struct attempt *attempt)
{
    visible(attempt);
    attempt->wish.rect.x = 201;
}

static void certify(struct attempt *attempt, const char *signature)
{
    attempt->letter.objects[0] =
        "<< /Type /Catalog /Pages 2 0 R /Perms << /DocMDP 5 0 R >> >>";
    attempt->letter.objects[4] = signature;
}

static void spoil_freedom(struct attempt *attempt)
{
    certify(attempt, "<< /Type /Sig /Reference [<< /TransformMethod /DocMDP "
                     "/TransformParams << /P 1 >> >>] >>");
}

static void spoil_freedom_of_fields(struct attempt *attempt)
{
    certify(attempt, "<< /Type /Sig /Reference [<< /TransformMethod /DocMDP >>] >>");
}

static void spoil_form_kind(struct attempt *attempt)
{
    attempt->letter.objects[0] =
        "<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [] /XFA [] >> >>";
}

static void spoil_form(struct attempt *attempt)
{
    attempt->letter.objects[0] =
        "<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [7] >> >>";
}

static void spoil_field_name(struct attempt *attempt)
{
    attempt->letter = letter_with_field();
    attempt->wish.field = "letter.foot";
}

static void with_field(struct attempt *attempt, const char *field)
{
    attempt->letter = letter_with_field();
    attempt->letter.objects[5] = field;
    attempt->wish.field = "letter.head";
}

static void spoil_field_emptiness(struct attempt *attempt)
{
    with_field(attempt, "<< /T (head) /Parent 5 0 R /FT /Tx /Type /Annot "
                        "/Subtype /Widget /Rect [20 20 220 80] >>");
}

static void spoil_field_lock(struct attempt *attempt)
{
    with_field(attempt, "<< /T (head) /Parent 5 0 R /FT /Sig /Type /Annot /Subtype "
                        "/Widget /Rect [0 0 0 0] /Lock << /Action /All >> >>");
}

static void spoil_field_sight(struct attempt *attempt)
{
    with_field(attempt, "<< /T (head) /Parent 5 0 R /FT /Sig /Type /Annot /Subtype "
                        "/Widget /Rect [20 20 220 80] /F 2 >>");
    attempt->wish.shown = true;
}

static void spoil_field_seed(struct attempt *attempt)
{
    with_field(attempt, "<< /T (head) /Parent 5 0 R /FT /Sig /Type /Annot /Subtype "
                        "/Widget /Rect [0 0 0 0] /SV << /Ff 8 /Reasons [(No)] >> >>");
}

static void spoil_text(struct attempt *attempt)
{
    visible(attempt);
    attempt->wish.name = "\xE5\x8C\x97";
}

static void spoil_fit(struct attempt *attempt)
{
    visible(attempt);
    attempt->wish.rect.height = 10;
    attempt->wish.statement = "Dokumen ini telah ditandatangani secara elektronik "
                              "menggunakan sertifikat elektronik";
}

static void spoil_statement(struct attempt *attempt)
{
    visible(attempt);
    attempt->wish.statement = "Dokumen ini telah ditandatangani secara elektronik.";
    attempt->wish.reason = "Dokumen-ini telah DITANDATANGANI oleh saya";
}

static void spoil_wish(struct attempt *attempt)
{
    attempt->wish.reserve = 0;
}

static const struct {
    enum pdf_refusal refusal;
    void (*spoil)(struct attempt *attempt);
} cases[] = {
    {PDF_NO_HEADER, spoil_header},
    {PDF_TOO_LARGE, spoil_size},
    {PDF_DAMAGED, spoil_table},
    {PDF_REPAIRED, spoil_syntax},
    {PDF_TOO_COMPLEX, spoil_simplicity},
    {PDF_ENCRYPTED, spoil_openness},
    {PDF_NO_STARTXREF, spoil_end},
    {PDF_OBJECT_NUMBERS, spoil_numbers},
    {PDF_NO_PAGES, spoil_pages},
    {PDF_PAGE_RANGE, spoil_page_number},
    {PDF_PAGE_UNUSUAL, spoil_rotation},
    {PDF_RECTANGLE, spoil_rectangle},
    {PDF_CERTIFIED, spoil_freedom},
    {PDF_CERTIFIED_NEW_FIELD, spoil_freedom_of_fields},
    {PDF_XFA, spoil_form_kind},
    {PDF_FORM_DAMAGED, spoil_form},
    {PDF_FIELD_UNKNOWN, spoil_field_name},
    {PDF_FIELD_TAKEN, spoil_field_emptiness},
    {PDF_FIELD_LOCKED, spoil_field_lock},
    {PDF_FIELD_HIDDEN, spoil_field_sight},
    {PDF_SEED_VALUE, spoil_field_seed},
    {PDF_TEXT, spoil_text},
    {PDF_STATEMENT, spoil_statement},
    {PDF_STAMP_FIT, spoil_fit},
    {PDF_WISH, spoil_wish},
};

static struct attempt lawful(void)
{
    return (struct attempt){.letter = letter_lawful(), .wish = signer_wish()};
}

/* The program wants the parts of --encrypt as words. */
static struct slice encrypted(struct slice pdf)
{
    struct tool_folder folder;
    char from[TOOL_PATH];
    char to[TOOL_PATH];
    char out[512];

    tool_folder_init(&folder);
    letter_write(tool_path(&folder, "plain.pdf", from), pdf);
    const char *const argv[] = {
        "qpdf", "--encrypt", "",   "owner",
        "256",  "--",        from, tool_path(&folder, "encrypted.pdf", to),
        NULL};
    cr_assert_eq(tool_run(argv, out, sizeof(out)), 0, "%s", out);
    letter_free(pdf);
    pdf = letter_read(to);
    tool_folder_fini(&folder);
    return pdf;
}

static enum sg_status try_to_sign(const struct attempt *attempt,
                                  enum pdf_refusal *refusal, struct sg_error *why)
{
    struct slice pdf = attempt->chain > 0 ? letter_chain(&attempt->letter, attempt->chain)
                                          : letter_build(&attempt->letter);
    struct pdf_job *job = NULL;

    if (attempt->option != NULL) {
        pdf = encrypted(pdf);
    }
    struct slice shown = pdf;
    if (attempt->claimed_len != 0) {
        shown.len = attempt->claimed_len;
    }
    enum sg_status status = pdf_prepare(shown, &attempt->wish, &job, refusal, why);
    cr_expect_eq(job == NULL, status != SG_OK);
    pdf_job_free(job);
    letter_free(pdf);
    return status;
}

Test(refusals, lawful_letter_is_accepted)
{
    struct attempt attempt = lawful();
    enum pdf_refusal refusal = PDF_WISH;

    visible(&attempt);
    cr_expect_eq(try_to_sign(&attempt, &refusal, NULL), SG_OK);
    cr_expect_eq(refusal, PDF_ACCEPTED);
}

Test(refusals, each_spoiled_fact_gives_its_own_reason)
{
    for (size_t i = 0; i < SG_COUNT(cases); i++) {
        struct attempt attempt = lawful();
        enum pdf_refusal refusal = PDF_ACCEPTED;
        struct sg_error why = {0};
        cases[i].spoil(&attempt);
        cr_expect_eq(try_to_sign(&attempt, &refusal, &why), SG_INVALID);
        cr_expect_str_eq(pdf_refusal_code(refusal), pdf_refusal_code(cases[i].refusal),
                         "%s", why.text);
        const char *text = pdf_refusal_text(cases[i].refusal);
        cr_expect_eq(strncmp(why.text, text, strlen(text)), 0, "%s", why.text);
    }
}

Test(refusals, each_row_of_the_table_has_a_case)
{
    for (int refusal = PDF_ACCEPTED + 1; refusal < PDF_REFUSAL_COUNT; refusal++) {
        int found = 0;
        for (size_t i = 0; i < SG_COUNT(cases); i++) {
            found += (int)cases[i].refusal == refusal;
        }
        cr_expect_eq(found, 1, "%s", pdf_refusal_code((enum pdf_refusal)refusal));
    }
}

/* docs/LETTERS.md says what to do about each. */
Test(refusals, each_row_of_the_table_is_in_the_manual)
{
    char row[1024];
    struct slice manual = letter_read("docs/LETTERS.md");

    for (int i = PDF_ACCEPTED + 1; i < PDF_REFUSAL_COUNT; i++) {
        enum pdf_refusal refusal = (enum pdf_refusal)i;
        int len = snprintf(row, sizeof(row), "| `%s` | %s |\n", pdf_refusal_code(refusal),
                           pdf_refusal_text(refusal));
        cr_expect_not_null(memmem(manual.data, manual.len, row, (size_t)len), "%s", row);
    }
    letter_free(manual);
}

Test(refusals, codes_are_different_and_plain)
{
    for (int a = 0; a < PDF_REFUSAL_COUNT; a++) {
        const char *code = pdf_refusal_code((enum pdf_refusal)a);
        cr_expect_eq(strspn(code, "abcdefghijklmnopqrstuvwxyz-"), strlen(code));
        for (int b = 0; b < a; b++) {
            cr_expect_str_neq(code, pdf_refusal_code((enum pdf_refusal)b));
        }
    }
}

Test(refusals, number_that_is_no_reason_has_a_name_too)
{
    cr_expect_str_eq(pdf_refusal_code((enum pdf_refusal)9999), "unknown");
}

/* A file's own words come into the sentence: no control character may. */
Test(refusals, sentence_holds_no_control_characters)
{
    struct attempt attempt = lawful();
    enum pdf_refusal refusal;
    struct sg_error why = {0};

    attempt.letter.objects[2] = "<< /Type /Page /\x1b[2Jx#zz 1 /\x1b[31m#q 2 3 >>";
    cr_assert_eq(try_to_sign(&attempt, &refusal, &why), SG_INVALID);
    for (const char *at = why.text; *at != '\0'; at++) {
        cr_expect(*at >= ' ' && *at <= '~');
    }
}

/* Lets a seed value through when its demands are what is done anyway. */
Test(refusals, seed_value_that_is_met_is_accepted)
{
    struct attempt attempt = lawful();
    enum pdf_refusal refusal;
    struct sg_error why = {0};

    with_field(&attempt, "<< /T (head) /Parent 5 0 R /FT /Sig /Type /Annot /Subtype "
                         "/Widget /Rect [0 0 0 0] /SV << /Ff 67 /Filter /Adobe.PPKLite "
                         "/SubFilter [/ETSI.CAdES.detached] /DigestMethod [(SHA256)] "
                         ">> >>");
    cr_expect_eq(try_to_sign(&attempt, &refusal, &why), SG_OK, "%s", why.text);
}

/* The earlier signature's FieldMDP covers the field by name. */
Test(refusals, field_locked_by_an_earlier_signature_is_refused)
{
    struct attempt attempt = lawful();
    enum pdf_refusal refusal;

    with_field(&attempt, letter_with_field().objects[5]);
    attempt.letter.objects[0] =
        "<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [5 0 R 7 0 R] >> >>";
    attempt.letter.objects[6] = "<< /T (first) /FT /Sig /V 8 0 R >>";
    attempt.letter.objects[7] =
        "<< /Type /Sig /Reference [<< /TransformMethod /FieldMDP /TransformParams "
        "<< /Action /Include /Fields [(letter)] >> >>] >>";
    cr_expect_eq(try_to_sign(&attempt, &refusal, NULL), SG_INVALID);
    cr_expect_eq(refusal, PDF_FIELD_LOCKED);
}

Test(refusals, page_tree_and_field_tree_that_bite_their_tails_are_refused)
{
    struct attempt attempt = lawful();
    enum pdf_refusal refusal;

    attempt.letter.objects[1] = "<< /Type /Pages /Kids [2 0 R] /Count 1 >>";
    cr_expect_eq(try_to_sign(&attempt, &refusal, NULL), SG_INVALID);
    cr_expect_eq(refusal, PDF_NO_PAGES);

    attempt = lawful();
    attempt.letter.objects[0] =
        "<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [5 0 R] >> >>";
    attempt.letter.objects[4] = "<< /T (a) /Kids [5 0 R 5 0 R] >>";
    cr_expect_eq(try_to_sign(&attempt, &refusal, NULL), SG_INVALID);
    cr_expect_eq(refusal, PDF_FORM_DAMAGED);
}
