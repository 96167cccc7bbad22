#define _GNU_SOURCE /* NOLINT: the name is the C library's */
#include <criterion/criterion.h>
#include <stdio.h>

#include "tests/unit/pdf/support/letter.h"
#include "tests/unit/pdf/support/signer.h"

/* What the letter's fields, and those who signed before, have to say: objects 5 and 6 are
 * the empty field "letter.head", 7 and 8 an earlier signature in the field "first". */

struct outcome {
    enum pdf_refusal refusal;
    struct sg_error why;
    struct slice appendix; /* to be freed with letter_free; empty when refused */
};

static struct outcome attempt_as(const struct letter *letter, const char *field,
                                 bool shown)
{
    struct pdf_wish wish = signer_wish();
    struct slice pdf = letter_build(letter);
    struct outcome outcome = {.refusal = PDF_ACCEPTED};
    struct pdf_job *job = NULL;
    struct slice appendix;

    wish.field = field;
    wish.shown = shown;
    if (pdf_prepare(pdf, &wish, &job, &outcome.refusal, &outcome.why) == SG_OK) {
        cr_assert_eq(pdf_embed(job, slice_of("", 0), &appendix), SG_OK);
        uint8_t *copy = malloc(appendix.len);
        cr_assert_not_null(copy);
        memcpy(copy, appendix.data, appendix.len);
        outcome.appendix = slice_of(copy, appendix.len);
        pdf_job_free(job);
    }
    letter_free(pdf);
    return outcome;
}

static struct outcome attempt(const struct letter *letter, const char *field)
{
    return attempt_as(letter, field, false);
}

static bool says(const struct outcome *outcome, const char *words)
{
    return memmem(outcome->appendix.data, outcome->appendix.len, words, strlen(words)) !=
           NULL;
}

static void expect_as(const struct letter *letter, const char *field, bool shown,
                      enum pdf_refusal refusal)
{
    struct outcome outcome = attempt_as(letter, field, shown);

    cr_expect_str_eq(pdf_refusal_code(outcome.refusal), pdf_refusal_code(refusal),
                     "%s: %s", letter->objects[5], outcome.why.text);
    letter_free(outcome.appendix);
}

static void expect(const struct letter *letter, const char *field,
                   enum pdf_refusal refusal)
{
    expect_as(letter, field, false, refusal);
}

/* reference: what the earlier signature says of later changes. */
static struct letter letter_signed(const char *reference)
{
    static char signature[512];
    struct letter letter = letter_with_field();

    letter.objects[0] =
        "<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [5 0 R 7 0 R] >> >>";
    letter.objects[6] = "<< /T (first) /FT /Sig /V 8 0 R >>";
    (void)snprintf(signature, sizeof(signature), "<< /Type /Sig /Reference [<< %s >>] >>",
                   reference);
    letter.objects[7] = signature;
    return letter;
}

static void expect_both(const char *reference, enum pdf_refusal existing,
                        enum pdf_refusal added)
{
    struct letter letter = letter_signed(reference);

    expect(&letter, "letter.head", existing);
    expect(&letter, NULL, added);
}

#define DOC(params)    "/TransformMethod /DocMDP /TransformParams << " params " >>"
#define FIELDS(params) "/TransformMethod /FieldMDP /TransformParams << " params " >>"

/* An approval signature carries over what its field's lock said. */
Test(fields, approval_that_allows_nothing_more_is_heeded)
{
    expect_both(DOC("/P 1"), PDF_CERTIFIED, PDF_CERTIFIED);
}

Test(fields, level_that_is_not_known_allows_nothing)
{
    expect_both(DOC("/P 4"), PDF_CERTIFIED, PDF_CERTIFIED);
    expect_both(DOC("/P 2.0"), PDF_CERTIFIED, PDF_CERTIFIED);
    expect_both(DOC("/P /All"), PDF_CERTIFIED, PDF_CERTIFIED);
}

Test(fields, approval_that_allows_forms_leaves_the_fields_that_are_there)
{
    expect_both(DOC("/P 2"), PDF_ACCEPTED, PDF_CERTIFIED_NEW_FIELD);
    expect_both(DOC("/P 3"), PDF_ACCEPTED, PDF_CERTIFIED_NEW_FIELD);
    expect_both(DOC(""), PDF_ACCEPTED, PDF_CERTIFIED_NEW_FIELD);
}

Test(fields, strictest_of_certification_and_approval_is_in_force)
{
    struct letter letter = letter_signed(DOC("/P 3"));

    letter.objects[0] =
        "<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [5 0 R 7 0 R] "
        ">> /Perms << /DocMDP 9 0 R >> >>";
    letter.objects[8] = "<< /Type /Sig /Reference [<< " DOC("/P 1") " >>] >>";
    expect(&letter, "letter.head", PDF_CERTIFIED);
    letter.objects[8] = "<< /Type /Sig >>";
    expect(&letter, "letter.head", PDF_ACCEPTED);
    expect(&letter, NULL, PDF_CERTIFIED_NEW_FIELD);
}

Test(fields, lock_of_all_fields_covers_a_new_one)
{
    expect_both(FIELDS("/Action /All"), PDF_FIELD_LOCKED, PDF_FIELD_LOCKED);
    expect_both(FIELDS("/Action /Unheard"), PDF_FIELD_LOCKED, PDF_FIELD_LOCKED);
    expect_both(FIELDS(""), PDF_FIELD_LOCKED, PDF_FIELD_LOCKED);
}

Test(fields, lock_by_name_covers_what_it_names)
{
    expect_both(FIELDS("/Action /Include /Fields [(letter)]"), PDF_FIELD_LOCKED,
                PDF_ACCEPTED);
    expect_both(FIELDS("/Action /Include /Fields [(letter.head)]"), PDF_FIELD_LOCKED,
                PDF_ACCEPTED);
    expect_both(FIELDS("/Action /Include /Fields [(lett)]"), PDF_ACCEPTED, PDF_ACCEPTED);
    expect_both(FIELDS("/Action /Include /Fields [(Signature1)]"), PDF_ACCEPTED,
                PDF_FIELD_LOCKED);
    expect_both(FIELDS("/Action /Exclude /Fields [(letter)]"), PDF_ACCEPTED,
                PDF_FIELD_LOCKED);
}

/* --- The letter's own field --------------------------------------------------------- */

Test(fields, kind_and_read_only_flag_are_inherited)
{
    struct letter letter = letter_with_field();

    letter.objects[4] = "<< /T (letter) /FT /Sig /Kids [6 0 R] >>";
    letter.objects[5] = "<< /T (head) /Parent 5 0 R /Type /Annot /Subtype /Widget "
                        "/Rect [20 20 220 80] /P 3 0 R /F 4 >>";
    expect(&letter, "letter.head", PDF_ACCEPTED);
    letter.objects[4] = "<< /T (letter) /FT /Sig /Ff 1 /Kids [6 0 R] >>";
    expect(&letter, "letter.head", PDF_FIELD_LOCKED);
}

Test(fields, name_of_three_parts_is_found)
{
    struct letter letter = letter_with_field();
    struct outcome outcome;

    letter.objects[4] = "<< /T (a) /Kids [7 0 R] >>";
    letter.objects[6] = "<< /T (b) /Parent 5 0 R /Kids [6 0 R] >>";
    letter.objects[5] = "<< /T <FEFF0063> /Parent 7 0 R /FT /Sig /Type /Annot "
                        "/Subtype /Widget /Rect [20 20 220 80] /P 3 0 R /F 4 >>";
    outcome = attempt(&letter, "a.b.c");
    cr_expect_eq(outcome.refusal, PDF_ACCEPTED, "%s", outcome.why.text);
    cr_expect(says(&outcome, "\n6 0 obj\n"));
    cr_expect_not(says(&outcome, "\n5 0 obj\n"));
    letter_free(outcome.appendix);
    expect(&letter, "a.b", PDF_FIELD_UNKNOWN);
    expect(&letter, "c", PDF_FIELD_UNKNOWN);
}

/* /P is optional, and may be wrong: the page is the one that lists the widget. */
static void expect_turned(const char *widget)
{
    struct letter letter = letter_with_field();

    letter.objects[1] = "<< /Type /Pages /Kids [7 0 R 3 0 R] /Count 2 >>";
    letter.objects[2] = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 300] /Rotate 90 "
                        "/Contents 4 0 R /Resources << >> /Annots [6 0 R] >>";
    letter.objects[6] = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 300] >>";
    letter.objects[5] = widget;
    struct outcome outcome = attempt(&letter, "letter.head");
    cr_expect_eq(outcome.refusal, PDF_ACCEPTED, "%s", outcome.why.text);
    cr_expect(says(&outcome, "/Matrix [0 1 -1 0 0 0]"));
    cr_expect(says(&outcome, "/BBox [0 0 60 200]"));
    letter_free(outcome.appendix);
}

Test(fields, stamp_turns_with_the_page_that_shows_the_field)
{
    expect_turned("<< /T (head) /Parent 5 0 R /FT /Sig /Type /Annot /Subtype /Widget "
                  "/Rect [20 20 220 80] /F 4 /P 3 0 R >>");
    expect_turned("<< /T (head) /Parent 5 0 R /FT /Sig /Type /Annot /Subtype /Widget "
                  "/Rect [20 20 220 80] /F 4 >>");
    expect_turned("<< /T (head) /Parent 5 0 R /FT /Sig /Type /Annot /Subtype /Widget "
                  "/Rect [20 20 220 80] /F 4 /P 7 0 R >>");
}

Test(fields, visible_field_that_no_page_shows_is_refused)
{
    struct letter letter = letter_with_field();

    letter.objects[2] = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 300] >>";
    expect(&letter, "letter.head", PDF_FORM_DAMAGED);
    /* An invisible one needs none. */
    letter.objects[5] = "<< /T (head) /Parent 5 0 R /FT /Sig /Type /Annot /Subtype "
                        "/Widget /Rect [0 0 0 0] >>";
    expect(&letter, "letter.head", PDF_ACCEPTED);
}

/* A dictionary that calls itself a page is none that anybody sees. */
Test(fields, page_that_is_not_in_the_tree_shows_no_field)
{
    struct letter letter = letter_with_field();

    letter.objects[2] = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 300] >>";
    letter.objects[6] = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 300] "
                        "/Annots [6 0 R] >>";
    letter.objects[5] = "<< /T (head) /Parent 5 0 R /FT /Sig /Type /Annot /Subtype "
                        "/Widget /Rect [20 20 220 80] /F 4 /P 7 0 R >>";
    expect_as(&letter, "letter.head", true, PDF_FORM_DAMAGED);
    expect(&letter, "letter.head", PDF_FORM_DAMAGED);
}

/* Some writers give all pages one list, mostly an empty one. */
Test(fields, stamp_shows_on_no_other_page)
{
    struct letter letter = letter_lawful();
    struct outcome outcome;

    letter.objects[1] = "<< /Type /Pages /Kids [3 0 R 5 0 R] /Count 2 >>";
    letter.objects[2] = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 300] "
                        "/Annots 6 0 R >>";
    letter.objects[4] = letter.objects[2];
    letter.objects[5] = "[]";
    outcome = attempt(&letter, NULL);
    cr_expect_eq(outcome.refusal, PDF_ACCEPTED, "%s", outcome.why.text);
    cr_expect(says(&outcome, "\n3 0 obj\n"));
    cr_expect_not(says(&outcome, "\n6 0 obj\n"));
    letter_free(outcome.appendix);
    letter.objects[4] = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 300] >>";
    outcome = attempt(&letter, NULL);
    cr_expect_not(says(&outcome, "\n3 0 obj\n"));
    cr_expect(says(&outcome, "\n6 0 obj\n"));
    letter_free(outcome.appendix);
}

/* Some give a page's annotations and the form's fields one list; the page that is stamped
 * is object 3. */
static struct letter letter_whose_fields_are_annotations(const char *of_stamped)
{
    struct letter letter = letter_lawful();

    letter.objects[0] = "<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields 7 0 R >> >>";
    letter.objects[1] = "<< /Type /Pages /Kids [3 0 R 5 0 R] /Count 2 >>";
    letter.objects[2] = of_stamped;
    letter.objects[4] = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 300] "
                        "/Annots 7 0 R >>";
    letter.objects[5] = "<< /T (name) /FT /Tx /Type /Annot /Subtype /Widget "
                        "/Rect [20 20 220 80] /F 4 >>";
    letter.objects[6] = "[6 0 R]";
    return letter;
}

Test(fields, stamp_shows_on_no_page_that_lists_the_fields)
{
    static const char *const stamped[] = {
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 300] >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 300] /Annots 7 0 R >>",
    };

    for (size_t i = 0; i < SG_COUNT(stamped); i++) {
        struct letter letter = letter_whose_fields_are_annotations(stamped[i]);
        struct outcome outcome = attempt(&letter, NULL);
        cr_expect_eq(outcome.refusal, PDF_ACCEPTED, "%s", outcome.why.text);
        cr_expect_not(says(&outcome, "\n7 0 obj\n"), "%s", stamped[i]);
        cr_expect(says(&outcome, "/Fields [ 6 0 R "), "%s", stamped[i]);
        cr_expect(says(&outcome, "\n3 0 obj\n"), "%s", stamped[i]);
        letter_free(outcome.appendix);
    }
    /* Nobody else's: one list for both it stays. */
    struct letter letter = letter_whose_fields_are_annotations(stamped[1]);
    letter.objects[4] = stamped[0];
    struct outcome outcome = attempt(&letter, NULL);
    cr_expect(says(&outcome, "\n7 0 obj\n[ 6 0 R "));
    cr_expect(says(&outcome, "/Fields 7 0 R"));
    letter_free(outcome.appendix);
}

Test(fields, new_field_has_a_name_of_its_own)
{
    struct letter letter = letter_lawful();
    struct outcome outcome;

    letter.objects[0] =
        "<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [5 0 R 6 0 R] >> >>";
    letter.objects[4] = "<< /T (Signature41) /FT /Tx >>";
    letter.objects[5] = "<< /T (Signature123456789) /FT /Sig >>";
    outcome = attempt(&letter, NULL);
    cr_expect(says(&outcome, "/T (Signature42)"));
    letter_free(outcome.appendix);
    letter.objects[4] = "<< /T (Signature99999999) /FT /Tx >>";
    expect(&letter, NULL, PDF_FORM_DAMAGED);
}

Test(fields, demands_of_a_seed_value_that_are_not_met_are_refused)
{
    static const char *const seeds[] = {
        "/Ff 1 /Filter /Other",
        "/Ff 2 /SubFilter [/adbe.pkcs7.detached]",
        "/Ff 4 /V 3",
        "/Ff 16 /LegalAttestation [(x)]",
        "/Ff 32 /AddRevInfo true",
        "/Ff 64 /DigestMethod [(SHA512)]",
        "/Ff 128 /LockDocument /true",
        "/Ff 256 /AppearanceFilter (x)",
        "/MDP << /P 2 >>",
        "/Cert << /Ff 1 /Issuer [(x)] >>",
        "/TimeStamp << /Ff 1 /URL (http://tsa.example) >>",
    };
    char field[512];

    for (size_t i = 0; i < SG_COUNT(seeds); i++) {
        struct letter letter = letter_with_field();
        (void)snprintf(
            field, sizeof(field),
            "<< /T (head) /Parent 5 0 R /FT /Sig /Type /Annot /Subtype /Widget "
            "/Rect [0 0 0 0] /SV << %s >> >>",
            seeds[i]);
        letter.objects[5] = field;
        expect(&letter, "letter.head", PDF_SEED_VALUE);
    }
}

/* What stands in the field is the required notice: the log says that it was shown. */
Test(fields, a_field_that_nobody_sees_shows_no_notice)
{
    static const struct {
        const char *widget;
        bool seen;
    } cases[] = {
        {"/Rect [20 20 220 80]", true},
        {"/Rect [20 20 220 80] /F 4", true},
        {"/Rect [-0.5 -0.5 400.5 300.5] /F 4", true},
        {"/Rect [20 20 220 80] /F 1", false},
        {"/Rect [20 20 220 80] /F 2", false},
        {"/Rect [20 20 220 80] /F 36", false},
        {"/Rect [20 20 220 80] /OC << /Type /OCG /Name (x) >>", false},
        {"/Rect [0 0 0 0]", false},
        {"/Rect [20 20 20.5 80]", false},
        {"/Rect [420 20 620 80]", false},
        {"/Rect [-190 20 10 80]", false},
        {"/Rect [20 290 220 350]", false},
        {"/Rect [20 -50 220 10]", false},
        {"", false},
    };
    char field[512];

    for (size_t i = 0; i < SG_COUNT(cases); i++) {
        struct letter letter = letter_with_field();
        (void)snprintf(field, sizeof(field),
                       "<< /T (head) /Parent 5 0 R /FT /Sig /Type /Annot /Subtype "
                       "/Widget %s >>",
                       cases[i].widget);
        letter.objects[5] = field;
        expect_as(&letter, "letter.head", true,
                  cases[i].seen ? PDF_ACCEPTED : PDF_FIELD_HIDDEN);
        expect(&letter, "letter.head", PDF_ACCEPTED);
    }
}

/* Whoever signed before saw the other field as viewers draw it. */
Test(fields, drawing_that_an_earlier_signer_saw_stays)
{
    struct letter letter = letter_signed("");
    struct outcome outcome;

    letter.objects[0] = "<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields "
                        "[5 0 R 7 0 R 9 0 R] /NeedAppearances true >> >>";
    letter.objects[8] = "<< /T (other) /FT /Tx /V (1000) >>";
    outcome = attempt(&letter, "letter.head");
    cr_expect(says(&outcome, "/NeedAppearances true"));
    letter_free(outcome.appendix);
    outcome = attempt(&letter, NULL);
    cr_expect(says(&outcome, "/NeedAppearances true"));
    letter_free(outcome.appendix);
    letter.objects[8] = "<< /T (other) /FT /Sig >>";
    outcome = attempt(&letter, NULL);
    cr_expect_not(says(&outcome, "/NeedAppearances"));
    letter_free(outcome.appendix);
}
