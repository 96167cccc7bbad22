#include <criterion/criterion.h>
#include <stdio.h>

#include "tests/unit/pdf/support/letter.h"
#include "tests/unit/pdf/support/signer.h"

/* How the page says that it lies, and the tree which pages there are, where viewers may
 * differ in what they make of it. */

static enum pdf_refusal stamp_on(const char *page_keys)
{
    char page[256];
    struct letter letter = letter_lawful();
    struct pdf_wish wish = signer_wish();
    enum pdf_refusal refusal = PDF_ACCEPTED;
    struct pdf_job *job = NULL;
    struct sg_error why = {0};

    wish.page = 1;
    wish.rect = (struct pdf_rect){.x = 10, .y = 10, .width = 200, .height = 60};
    (void)snprintf(page, sizeof(page),
                   "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 300] %s >>",
                   page_keys);
    letter.objects[2] = page;
    struct slice pdf = letter_build(&letter);
    enum sg_status status = pdf_prepare(pdf, &wish, &job, &refusal, &why);
    cr_expect_eq(status == SG_OK, refusal == PDF_ACCEPTED, "%s", why.text);
    pdf_job_free(job);
    letter_free(pdf);
    return refusal;
}

Test(page, rotation_that_is_no_whole_number_is_refused)
{
    static const char *const wrong[] = {"90.0", "0.0", "/R90", "(90)", "[90]"};
    char keys[64];

    for (size_t i = 0; i < SG_COUNT(wrong); i++) {
        (void)snprintf(keys, sizeof(keys), "/Rotate %s", wrong[i]);
        cr_expect_eq(stamp_on(keys), PDF_PAGE_UNUSUAL, "%s", wrong[i]);
    }
    cr_expect_eq(stamp_on("/Rotate 450"), PDF_ACCEPTED);
    cr_expect_eq(stamp_on("/Rotate null"), PDF_ACCEPTED);
    cr_expect_eq(stamp_on(""), PDF_ACCEPTED);
}

/* --- The tree ---------------------------------------------------------------------- */

#define LEAF "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 300] >>"

/* Objects 2, 3, 5, 6 of the letter; NULL = as it is. */
struct tree {
    const char *root;
    const char *page;
    const char *fifth;
    const char *sixth;
    enum pdf_refusal refusal;
};

static const struct tree trees[] = {
    {"<< /Type /Pages /Kids [3 0 R 5 0 R] /Count 2 >>", NULL, LEAF, NULL, PDF_ACCEPTED},
    {"<< /Type /Pages /Kids [3 0 R 5 0 R] /Count 6 0 R >>", NULL, LEAF, "2",
     PDF_ACCEPTED},
    {"<< /Type /Pages /Kids [3 0 R 5 0 R] /Count 1 >>", NULL, LEAF, NULL, PDF_NO_PAGES},
    {"<< /Type /Pages /Kids [3 0 R] /Count 2 >>", NULL, NULL, NULL, PDF_NO_PAGES},
    {"<< /Type /Pages /Kids [3 0 R] /Count 0 >>", NULL, NULL, NULL, PDF_NO_PAGES},
    {"<< /Type /Pages /Kids [3 0 R] /Count 1.0 >>", NULL, NULL, NULL, PDF_NO_PAGES},
    {"<< /Type /Pages /Kids [3 0 R] >>", NULL, NULL, NULL, PDF_NO_PAGES},
    /* One node more, between root and page. */
    {"<< /Type /Pages /Kids [5 0 R] /Count 1 >>",
     "<< /Type /Page /Parent 5 0 R /MediaBox [0 0 400 300] >>",
     "<< /Type /Pages /Parent 2 0 R /Kids [3 0 R] /Count 1 >>", NULL, PDF_ACCEPTED},
    {"<< /Type /Pages /Kids [5 0 R] /Count 1 >>",
     "<< /Type /Page /Parent 5 0 R /MediaBox [0 0 400 300] >>",
     "<< /Type /Pages /Parent 2 0 R /Kids [3 0 R] /Count 2 >>", NULL, PDF_NO_PAGES},
    /* A page that others take for a node above pages. */
    {NULL, "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 300] /Kids [] >>", NULL, NULL,
     PDF_NO_PAGES},
    {NULL, "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 300] /Kids null >>", NULL,
     NULL, PDF_ACCEPTED},
    /* Of another node than the one that lists it: where both say the same, and not. */
    {NULL, "<< /Type /Page /Parent 5 0 R /MediaBox [0 0 400 300] >>",
     "<< /Type /Pages /Parent 2 0 R /Kids [] /Count 0 >>", NULL, PDF_ACCEPTED},
    {NULL, "<< /Type /Page /MediaBox [0 0 400 300] >>", NULL, NULL, PDF_ACCEPTED},
    {NULL, "<< /Type /Page /Parent 5 0 R /MediaBox [0 0 400 300] >>",
     "<< /Type /Pages /Parent 2 0 R /Kids [] /Count 0 /Rotate 90 >>", NULL, PDF_NO_PAGES},
    {"<< /Type /Pages /Kids [3 0 R] /Count 1 /MediaBox [0 0 400 300] >>",
     "<< /Type /Page /Parent 5 0 R >>",
     "<< /Type /Pages /Kids [] /Count 0 /MediaBox [0 0 800 600] >>", NULL, PDF_NO_PAGES},
    {"<< /Type /Pages /Kids [3 0 R] /Count 1 /CropBox [0 0 300 300] >>",
     "<< /Type /Page /MediaBox [0 0 400 300] >>", NULL, NULL, PDF_NO_PAGES},
    {"<< /Type /Pages /Parent 5 0 R /Kids [3 0 R] /Count 1 >>",
     "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 300] >>", "<< /Rotate 180 >>", NULL,
     PDF_NO_PAGES},
};

static struct slice letter_of(const struct tree *tree)
{
    const char *const objects[] = {NULL, tree->root,  tree->page,
                                   NULL, tree->fifth, tree->sixth};
    struct letter letter = letter_lawful();

    for (size_t i = 0; i < SG_COUNT(objects); i++) {
        letter.objects[i] = objects[i] == NULL ? letter.objects[i] : objects[i];
    }
    return letter_build(&letter);
}

static enum pdf_refusal answer_to(const struct tree *tree, const struct pdf_wish *wish)
{
    struct slice pdf = letter_of(tree);
    enum pdf_refusal refusal = PDF_ACCEPTED;
    struct pdf_job *job = NULL;

    (void)!pdf_prepare(pdf, wish, &job, &refusal, NULL);
    pdf_job_free(job);
    letter_free(pdf);
    return refusal;
}

/* Viewers have as many pages as the root counts, and inherit by /Kids or by /Parent. */
Test(page, tree_that_viewers_read_each_in_their_own_way_is_refused)
{
    struct pdf_wish wish = signer_wish();

    for (size_t i = 0; i < SG_COUNT(trees); i++) {
        cr_expect_eq(answer_to(&trees[i], &wish), trees[i].refusal, "tree %zu", i);
    }
}

Test(page, field_on_a_page_that_no_viewer_has_is_refused)
{
    struct letter letter = letter_with_field();
    struct pdf_wish wish = signer_wish();
    enum pdf_refusal refusal = PDF_ACCEPTED;
    struct pdf_job *job = NULL;

    letter.objects[1] = "<< /Type /Pages /Kids [7 0 R 3 0 R] /Count 1 >>";
    letter.objects[6] = LEAF;
    wish.field = "letter.head";
    struct slice pdf = letter_build(&letter);
    cr_expect_eq(pdf_prepare(pdf, &wish, &job, &refusal, NULL), SG_INVALID);
    cr_expect_eq(refusal, PDF_NO_PAGES, "%s", pdf_refusal_code(refusal));
    pdf_job_free(job);
    letter_free(pdf);
}

/* It shows nothing, and the letter was signed as it is. */
Test(page, time_stamp_comes_to_any_tree)
{
    const struct pdf_wish wish = {
        .adds = PDF_ADDS_STAMP, .hash = SG_HASH_SHA256, .reserve = 512};

    for (size_t i = 0; i < SG_COUNT(trees); i++) {
        cr_expect_eq(answer_to(&trees[i], &wish), PDF_ACCEPTED, "tree %zu", i);
    }
}
