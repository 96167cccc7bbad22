/* Objects that are two things at once: one of them may change by rules of its own, and
 * the other must not change with it. Whoever makes the letter chooses what refers to
 * what. */
#include <stdio.h>
#include <stdlib.h>

#include <criterion/criterion.h>

#include "tests/unit/cms/support/writable.h"
#include "tests/unit/verify/support/revisions.h"

enum { SHARED = 20, NEW_VALUE };

#define OTHER_CONTENT "<< /Length 12 >>\nstream\n(Rp 999) Tj \nendstream"

TestSuite(verify_shared, .init = revisions_begin, .fini = revisions_end);

/* Page 2 with these keys, and an object for them. */
static void begin_with_page(const char *keys, const char *shared)
{
    char page[128];

    (void)snprintf(page, sizeof(page), "%s /MediaBox", keys);
    const struct update objects[] = {
        {PAGE_2, revisions_altered(PAGE_2, "/MediaBox", page)}, {SHARED, shared}};
    revisions_begin_with(objects, 2);
}

static void replace_shared(const char *text)
{
    revisions_update(&(struct update){SHARED, text}, 1);
}

/* The empty field gets a signature and another appearance. */
static void sign_empty(void)
{
    const struct update objects[] = {
        {EMPTY_FIELD,
         revisions_altered(EMPTY_FIELD, "/T", "/V 21 0 R /AP << /N 4 0 R >> /T")},
        {NEW_VALUE, revisions_covering("/Type /Sig")}};

    revisions_update(objects, 2);
}

/* --- Lists of annotations and pages --------------------------------------------------
 */

Test(verify_shared, content_that_a_page_calls_its_annotations_may_not_change)
{
    begin_with_page("/Contents 20 0 R /Annots 20 0 R", CONTENT_TEXT);
    replace_shared(OTHER_CONTENT);
    cr_expect(revisions.changes.forbidden);
}

/* One number is two objects: nothing, and what the page shows. */
Test(verify_shared, content_of_another_generation_may_not_change)
{
    const struct update objects[] = {
        {PAGE_2, revisions_altered(PAGE_2, "/MediaBox",
                                   "/B [20 0 R] /Contents 20 1 R /MediaBox")},
        {SHARED + UPDATE_NEXT, CONTENT_TEXT}};

    revisions_begin_with(objects, 2);
    revisions_update(&(struct update){SHARED + UPDATE_NEXT, OTHER_CONTENT}, 1);
    cr_expect(revisions.changes.forbidden);
}

Test(verify_shared, content_of_a_number_too_high_to_be_compared_is_unreadable)
{
    const struct update objects[] = {
        {PAGE_2,
         revisions_altered(PAGE_2, "/MediaBox", "/Contents 9000000 0 R /MediaBox")},
        {9000000, CONTENT_TEXT}};

    revisions_begin_with(objects, 2);
    revisions_update(&(struct update){9000000, OTHER_CONTENT}, 1);
    cr_expect(revisions.changes.forbidden);
}

Test(verify_shared, a_font_that_a_page_calls_its_annotations_may_not_change)
{
    begin_with_page("/Resources << /Font << /F1 20 0 R >> >> /Annots 20 0 R",
                    revisions_lawful[FONT - 1]);
    replace_shared(revisions_altered(FONT, "Helvetica", "Zapfdings"));
    cr_expect(revisions.changes.forbidden);
}

Test(verify_shared, an_empty_list_of_annotations_does_not_become_content)
{
    begin_with_page("/Contents 20 0 R /Annots 20 0 R", "[]");
    replace_shared(CONTENT_TEXT);
    cr_expect(revisions.changes.forbidden);
}

Test(verify_shared, content_that_is_called_a_list_of_pages_may_not_change)
{
    const struct update objects[] = {
        {PAGES, revisions_altered(PAGES, "5 0 R]", "5 0 R 22 0 R]")},
        {22, "<< /Type /Pages /Parent 2 0 R /Kids 20 0 R /Count 0 >>"}};

    begin_with_page("/Contents 20 0 R", CONTENT_TEXT);
    revisions_begin_with(objects, 2);
    replace_shared(OTHER_CONTENT);
    cr_expect(revisions.changes.forbidden);
}

Test(verify_shared, content_that_is_called_a_page_may_not_change)
{
    const struct update pages = {PAGES,
                                 revisions_altered(PAGES, "5 0 R]", "5 0 R 20 0 R]")};

    begin_with_page("/Contents 20 0 R", CONTENT_TEXT);
    revisions_begin_with(&pages, 1);
    replace_shared(OTHER_CONTENT);
    cr_expect(revisions.changes.forbidden);
}

Test(verify_shared, a_page_stays_one)
{
    revisions_update(&(struct update){PAGE_2, "null"}, 1);
    cr_expect(revisions.changes.forbidden);
}

/* --- What a page draws with ----------------------------------------------------------
 */

Test(verify_shared, the_catalog_as_a_pages_resources_may_not_change)
{
    begin_with_page("/Resources << /XObject 1 0 R >>", "null");
    revisions_alter(METADATA, "<x/>", "<y/>");
    cr_expect(revisions.changes.forbidden);
}

Test(verify_shared, the_form_as_a_pages_resources_may_not_change)
{
    const struct update empty = {TEXT_FIELD,
                                 revisions_altered(TEXT_FIELD, "/V (Budi)", "")};

    revisions_begin_with(&empty, 1);
    begin_with_page("/Resources << /XObject 7 0 R >>", "null");
    revisions_alter(FORM, "/SigFlags", "/DR << /Font << /F1 6 0 R >> >> /SigFlags");
    cr_expect(revisions.changes.forbidden);
}

Test(verify_shared, a_field_as_a_pages_resources_may_not_be_signed)
{
    begin_with_page("/Resources 20 0 R", "<< /XObject 9 0 R >>");
    sign_empty();
    cr_expect(revisions.changes.forbidden);
}

/* Found once by a harmless way, and then by the other. */
Test(verify_shared, a_field_as_an_annotations_looks_may_not_be_signed)
{
    const struct update note = {
        ANNOTATION, revisions_altered(ANNOTATION, "/Rect",
                                      "/Obj 9 0 R /AP << /N 9 0 R >> /AS /AP /Rect")};

    revisions_begin_with(&note, 1);
    sign_empty();
    cr_expect(revisions.changes.forbidden);
}

/* --- What is lawful --------------------------------------------------------------------
 */

Test(verify_shared, what_names_a_field_does_not_keep_it_from_being_signed)
{
    const struct update objects[] = {
        {FORM, revisions_altered(FORM, "/SigFlags", "/CO [9 0 R] /SigFlags")},
        {CATALOG, revisions_altered(
                      CATALOG, "/Pages",
                      "/StructTreeRoot << /K << /Obj 9 0 R /Pg 3 0 R >> >> /OpenAction "
                      "<< /S /Hide /T 9 0 R /Next << /S /ResetForm /Fields [9 0 R] >> >> "
                      "/Pages")}};

    revisions_begin_with(objects, 2);
    sign_empty();
    revisions_expect(PDF_CHANGE_SIGNATURE, "kosong");
}

/* Some writers let the page's annotations and the form's fields be one list. */
Test(verify_shared, one_list_of_annotations_and_fields_may_grow)
{
    const struct update objects[] = {
        {FORM, "<< /Fields 20 0 R /SigFlags 3 >>"},
        {PAGE_1, revisions_altered(PAGE_1, "[8 0 R 9 0 R 10 0 R 13 0 R]", "20 0 R")},
        {SHARED, "[8 0 R 9 0 R 10 0 R]"}};

    revisions_begin_with(objects, SG_COUNT(objects));
    const struct update signing[] = {
        {SHARED, "[8 0 R 9 0 R 10 0 R 22 0 R]"},
        {22, "<< /FT /Sig /T (baru) /V 21 0 R /Type /Annot /Subtype /Widget "
             "/Rect [0 0 0 0] /P 3 0 R >>"},
        {NEW_VALUE, revisions_covering("/Type /Sig")}};
    revisions_update(signing, SG_COUNT(signing));
    revisions_expect(PDF_CHANGE_SIGNATURE, "baru");
}

/* Some leave an empty place behind where they deleted a field. */
Test(verify_shared, an_empty_place_among_the_fields_is_no_change)
{
    const struct update form = {FORM, revisions_altered(FORM, "10 0 R]", "10 0 R null]")};

    revisions_begin_with(&form, 1);
    sign_empty();
    revisions_expect(PDF_CHANGE_SIGNATURE, "kosong");
}
