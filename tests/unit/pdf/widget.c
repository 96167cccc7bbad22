#define _GNU_SOURCE /* NOLINT: the name is the C library's */
#include <criterion/criterion.h>
#include <stdio.h>

#include "client/pdf/compare/changes.h"
#include "tests/unit/pdf/support/letter.h"
#include "tests/unit/pdf/support/signer.h"

/* What becomes of a template's widget when its field is signed, and what is taken for one
 * that somebody sees. */

static struct signer signer;

static void begin(void)
{
    signer_init(&signer);
}

static void end(void)
{
    signer_fini(&signer);
}

TestSuite(widget, .init = begin, .fini = end, .timeout = 60);

/* In one object with its field, or in two; keys: more of the widget. */
static struct letter letter_of(bool in_one, const char *keys)
{
    static char widget[256];
    struct letter letter = letter_with_field();

    (void)snprintf(widget, sizeof(widget),
                   "<< %s /Parent 5 0 R /Type /Annot /Subtype /Widget /P 3 0 R %s >>",
                   in_one ? "/T (head) /FT /Sig" : "", keys);
    if (!in_one) {
        letter.objects[4] = "<< /T (letter) /FT /Sig /Kids [6 0 R] >>";
    }
    letter.objects[5] = widget;
    return letter;
}

static struct slice sign(struct slice pdf, const struct pdf_wish *wish)
{
    struct slice whole;
    enum pdf_refusal refusal;
    struct sg_error why = {.text = ""};

    cr_assert_eq(signer_sign(&signer, pdf, wish, &whole, &refusal, &why), SG_OK, "%s",
                 why.text);
    return whole;
}

static bool says(struct slice whole, size_t from, const char *words)
{
    return memmem(whole.data + from, whole.len - from, words, strlen(words)) != NULL;
}

/* Whoever signed before sees another signature, and nothing else. */
static void expect_a_signature(struct slice whole, size_t from)
{
    const uint64_t ends[] = {from, whole.len};
    struct pdf_changes changes;

    cr_assert_eq(pdf_compare(whole, ends, 2, &changes, NULL), SG_OK);
    cr_expect_not(changes.forbidden);
    for (size_t i = 0; i < changes.count; i++) {
        cr_expect_eq(changes.at[i].kind, PDF_CHANGE_SIGNATURE);
    }
}

static void expect_flags(bool in_one, const char *keys, const char *flags)
{
    char all[128];
    struct pdf_wish first = signer_wish();
    struct pdf_wish second = signer_wish();

    (void)snprintf(all, sizeof(all), "/Rect [20 20 220 80] %s", keys);
    const struct letter letter = letter_of(in_one, all);
    struct slice pdf = letter_build(&letter);
    struct slice once = sign(pdf, &first);
    second.field = in_one ? "letter.head" : "letter";
    struct slice twice = sign(once, &second);
    cr_expect(says(twice, once.len, flags), "%d: %s", in_one, keys);
    expect_a_signature(twice, once.len);
    letter_free(twice);
    letter_free(once);
    letter_free(pdf);
}

/* A signed letter is printed more often than not. Who hid the field hides it still. */
Test(widget, what_has_a_stamp_is_on_paper_too)
{
    static const char *const flags[][2] = {
        {"", "/F 4\n"},         {"/F 128", "/F 132\n"}, {"/F 4", "/F 4\n"},
        {"/F 192", "/F 196\n"}, {"/F 2", "/F 2\n"},     {"/F 32", "/F 32\n"},
    };

    for (size_t i = 0; i < SG_COUNT(flags); i++) {
        expect_flags(true, flags[i][0], flags[i][1]);
        expect_flags(false, flags[i][0], flags[i][1]);
    }
}

/* Some viewers draw it anew where the form asks for that, whose list it is not in. */
Test(widget, a_field_that_only_a_page_lists_is_drawn_as_before)
{
    static const struct {
        const char *type;
        bool stays;
    } cases[] = {{"/FT /Tx", true}, {"", true}, {"/FT /Sig", false}};
    char widget[160];

    for (size_t i = 0; i < SG_COUNT(cases); i++) {
        struct letter letter = letter_with_field();
        struct pdf_wish wish = signer_wish();
        (void)snprintf(widget, sizeof(widget),
                       "<< /T (sum) %s /V (1000) /Type /Annot /Subtype /Widget "
                       "/Rect [20 20 220 80] /F 4 >>",
                       cases[i].type);
        letter.objects[0] = "<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [] "
                            "/NeedAppearances true >> >>";
        letter.objects[5] = widget;
        struct slice pdf = letter_build(&letter);
        struct slice whole = sign(pdf, &wish);
        cr_expect_eq(says(whole, pdf.len, "/NeedAppearances true"), cases[i].stays, "%s",
                     widget);
        letter_free(whole);
        letter_free(pdf);
    }
}

/* --- Pages in another unit than points -----------------------------------------------
 */

static enum pdf_refusal answer(const char *unit, const char *rect)
{
    static char page[256];
    struct letter letter = letter_of(true, rect);
    struct pdf_wish wish = signer_wish();
    enum pdf_refusal refusal = PDF_ACCEPTED;
    struct pdf_job *job = NULL;

    (void)snprintf(page, sizeof(page),
                   "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 8 11] /UserUnit %s "
                   "/Annots [6 0 R] >>",
                   unit);
    letter.objects[2] = page;
    wish.field = "letter.head";
    wish.shown = true;
    struct slice pdf = letter_build(&letter);
    (void)!pdf_prepare(pdf, &wish, &job, &refusal, NULL);
    pdf_job_free(job);
    letter_free(pdf);
    return refusal;
}

/* The page is 8 by 11 inches, or points. */
Test(widget, a_field_is_as_large_as_it_is_shown)
{
    cr_expect_eq(answer("72", "/Rect [1 1 4.5 1.9]"), PDF_ACCEPTED);
    cr_expect_eq(answer("72", "/Rect [1 1 4.5 1.01]"), PDF_FIELD_HIDDEN);
    cr_expect_eq(answer("72", "/Rect [1 1 4.5 1]"), PDF_FIELD_HIDDEN);
    cr_expect_eq(answer("1", "/Rect [1 1 4.5 1.9]"), PDF_FIELD_HIDDEN);
    cr_expect_eq(answer("0.25", "/Rect [1 1 7 4]"), PDF_FIELD_HIDDEN);
    /* So far beyond the page. */
    cr_expect_eq(answer("72", "/Rect [7 1 8.9 3]"), PDF_FIELD_HIDDEN);
    cr_expect_eq(answer("72", "/Rect [7 1 8.01 3]"), PDF_ACCEPTED);
}
