/* What later revisions may do, and what not: two revisions, one difference. Each class of
 * the published attacks on signed PDFs has its test here or in attacks.c: incremental
 * saving, shadow attacks (hide, replace, hide and replace), evil annotations, sneaky
 * signatures. */
#include <stdio.h>
#include <stdlib.h>

#include <criterion/criterion.h>

#include "tests/unit/cms/support/writable.h"
#include "tests/unit/verify/support/revisions.h"

TestSuite(verify_changes, .init = revisions_begin, .fini = revisions_end);

/* --- What a signer has to expect -----------------------------------------------------
 */

Test(verify_changes, the_same_objects_again_are_no_change)
{
    const struct update objects[] = {{PAGE_1, revisions_lawful[PAGE_1 - 1]},
                                     {CONTENT, revisions_lawful[CONTENT - 1]}};

    revisions_update(objects, 2);
    cr_expect_eq(revisions.changes.count, 0);
    cr_expect_not(revisions.changes.forbidden);
}

Test(verify_changes, what_is_written_in_place_or_by_reference_is_the_same)
{
    const struct update objects[] = {
        {PAGE_1, revisions_altered(PAGE_1, "[8 0 R 9 0 R 10 0 R 13 0 R]", "20 0 R")},
        {20, "[8 0 R 9 0 R 10 0 R 13 0 R]"}};

    revisions_update(objects, 2);
    cr_expect_eq(revisions.changes.count, 0, "%s",
                 pdf_change_code(revisions.changes.at[0].kind));
}

/* What page 1 has besides, before and after. */
struct rewritten {
    const char *before;
    const char *after;
};

static void rewrite(const struct rewritten *how)
{
    const struct update page = {PAGE_1,
                                revisions_altered(PAGE_1, "/Contents", how->before)};

    revisions_begin_with(&page, 1);
    revisions_alter(PAGE_1, "/Contents", how->after);
}

/* Whoever signs lists a widget on the page, and writes all of it anew. */
Test(verify_changes, numbers_that_are_written_anew_are_the_same)
{
    static const struct rewritten how[] = {
        {"/CropBox [0.000 0.000 595.280 841.890] /Contents",
         "/CropBox [0 0.0 595.28 841.89] /Contents"},
        {"/CropBox [-0.0 +0 100 5.] /Contents", "/CropBox [.0 0 100.00 05.0] /Contents"},
        {"/FooBar << /A [0.50 -0.0 (x) -1.] >> /Contents",
         "/FooBar << /A [.5 0.0 (x) -1.00] >> /Contents"}};

    for (size_t i = 0; i < SG_COUNT(how); i++) {
        rewrite(&how[i]);
        cr_expect_eq(revisions.changes.count, 0, "%s", how[i].after);
    }
}

Test(verify_changes, numbers_of_another_value_or_kind_are_named)
{
    static const struct rewritten how[] = {
        {"/CropBox [0 0 59.5 841] /Contents", "/CropBox [0 0 595 841] /Contents"},
        {"/CropBox [0 0 59.5 841] /Contents", "/CropBox [0 0 59.05 841] /Contents"},
        {"/CropBox [0 0 59.5 841] /Contents", "/CropBox [0 0 59.5 -841] /Contents"},
        {"/CropBox [0 0 59.5 841] /Contents", "/CropBox [0 0 59.5 841 0] /Contents"},
        {"/CropBox [0 0 1.0 9] /Contents",
         "/CropBox [0 0 1.0000000000000000000 9] /Contents"},
        {"/Rotate 90 /Contents", "/Rotate 90.0 /Contents"},
        {"/FooBar ( 1.0 ) /Contents", "/FooBar ( 1.00 ) /Contents"},
        {"/FooBar /A#201.0 /Contents", "/FooBar /A#201.00 /Contents"}};

    for (size_t i = 0; i < SG_COUNT(how); i++) {
        rewrite(&how[i]);
        cr_expect(revisions.changes.forbidden, "%s", how[i].after);
    }
}

Test(verify_changes, validation_data_and_properties_may_come)
{
    const struct update store[] = {
        {CATALOG,
         revisions_altered(CATALOG, "/Pages", "/DSS << /Certs [20 0 R] >> /Pages")},
        {20, CONTENT_TEXT}};

    revisions_update(store, 2);
    revisions_expect(PDF_CHANGE_VALIDATION_DATA, "DSS");
    revisions_alter(METADATA, "<x/>", "<y/>");
    revisions_expect(PDF_CHANGE_METADATA, "Metadata");
}

Test(verify_changes, another_signature_may_come)
{
    revisions_sign(revisions_covering("/Type /Sig"));
    revisions_expect(PDF_CHANGE_SIGNATURE, "baru");
}

Test(verify_changes, a_time_stamp_may_come)
{
    revisions_sign(revisions_covering("/Type /DocTimeStamp /SubFilter /ETSI.RFC3161"));
    revisions_expect(PDF_CHANGE_TIME_STAMP, "baru");
}

Test(verify_changes, an_empty_field_may_be_signed)
{
    const struct update objects[] = {
        {EMPTY_FIELD, revisions_altered(EMPTY_FIELD, "/T", "/V 21 0 R /T")},
        {21, revisions_covering("/Type /Sig")}};

    revisions_update(objects, 2);
    revisions_expect(PDF_CHANGE_SIGNATURE, "kosong");
}

/* A blank to the parser; to viewers, the page has another key and no size. */
Test(verify_changes, a_vertical_tab_is_no_blank)
{
    revisions_alter(PAGE_1, "/MediaBox ", "/MediaBox\v");
    revisions_expect(PDF_CHANGE_NO_REVISION, "no revision");
    const struct update objects[] = {{PAGE_1, revisions_lawful[PAGE_1 - 1]},
                                     {20, "<< /X (\v) /Y (\\(\v) % \v\n >>"},
                                     {21, "<< /Length 3 >>\nstream\nq\vQ\nendstream"}};
    revisions_update(objects, SG_COUNT(objects));
    cr_expect_eq(revisions.changes.count, 0);
}

/* --- Incremental saving, shadow: replace, hide ---------------------------------------
 */

Test(verify_changes, a_page_with_other_content_is_named)
{
    revisions_alter(CONTENT, "100", "999");
    revisions_expect(PDF_CHANGE_PAGE, "page 1 was changed");
    revisions_alter(PAGE_2, "/MediaBox", "/Contents 4 0 R /MediaBox");
    revisions_expect(PDF_CHANGE_PAGE, "page 2 was changed");
}

Test(verify_changes, another_font_changes_the_page)
{
    revisions_alter(FONT, "Helvetica", "Zapfdings");
    revisions_expect(PDF_CHANGE_PAGE, "page 1");
}

Test(verify_changes, pages_may_neither_come_nor_go_nor_change_places)
{
    revisions_alter(PAGES, "[3 0 R 5 0 R]", "[5 0 R 3 0 R]");
    cr_expect(revisions.changes.forbidden);
    revisions_alter(PAGES, "[3 0 R 5 0 R] /Count 2", "[3 0 R] /Count 1");
    revisions_expect(PDF_CHANGE_PAGES, "pages");
    revisions_alter(PAGES, "5 0 R] /Count 2", "5 0 R 5 0 R] /Count 3");
    revisions_expect(PDF_CHANGE_PAGES, "pages");
}

/* Shadow attack "hide and replace": the signed file holds the other content already, and
 * the revision brings nothing but another table. */
Test(verify_changes, content_that_was_hidden_in_the_signed_file_is_found)
{
    const char *const hidden = "\n4 0 obj\n<< /Length 12 >>\nstream\n(Rp 999) Tj "
                               "\nendstream\nendobj\n";
    char *catalog = (char *)writable(revisions.first);
    size_t at = revisions.first.len;
    char *longer = malloc(revisions.first.len + strlen(hidden) + 600);

    cr_assert_not_null(longer);
    memcpy(longer, catalog, revisions.first.len);
    memcpy(longer + at, hidden, strlen(hidden));
    free(writable(revisions.first));
    revisions.first = slice_of(longer, at + strlen(hidden));
    /* A revision of the hidden object's own maker closes the file that is signed. */
    const struct update nothing = {FONT, revisions_lawful[FONT - 1]};
    struct slice closed = update_pdf(revisions.first, &nothing, 1, CATALOG);
    free(writable(revisions.first));
    revisions.first = closed;
    revisions.second = update_point(revisions.first, CONTENT, at + 1);
    revisions_compare();
    revisions_expect(PDF_CHANGE_PAGE, "page 1");
}

Test(verify_changes, another_catalog_is_looked_into)
{
    const struct update objects[] = {
        {20, "<< /Type /Catalog /Pages 21 0 R /AcroForm 7 0 R /Metadata 14 0 R >>"},
        {21, "<< /Type /Pages /Kids [22 0 R] /Count 1 >>"},
        {22, "<< /Type /Page /Parent 21 0 R /MediaBox [0 0 595 842] >>"}};

    revisions.second = update_pdf(revisions.first, objects, 3, 20);
    revisions_compare();
    cr_expect(revisions.changes.forbidden);
}

Test(verify_changes, scripts_and_other_parts_of_the_document_are_named)
{
    revisions_alter(CATALOG, "/Pages", "/OpenAction << /S /JavaScript /JS (x) >> /Pages");
    revisions_expect(PDF_CHANGE_DOCUMENT, "/OpenAction");
}

/* The properties may change; an object that is theirs and something else's may not. */
Test(verify_changes, what_is_shared_with_the_properties_is_not_free)
{
    revisions_alter(CATALOG, "/Pages", "/OpenAction 14 0 R /Pages");
    free(writable(revisions.first));
    revisions.first = revisions.second;
    revisions.second = slice_of(NULL, 0);
    revisions_alter(METADATA, "<x/>", "<y/>");
    revisions_expect(PDF_CHANGE_DOCUMENT, "/OpenAction");
}

/* --- What is no revision --------------------------------------------------------------
 */

static void append(const char *text)
{
    char *longer = malloc(revisions.first.len + strlen(text));

    cr_assert_not_null(longer);
    memcpy(longer, revisions.first.data, revisions.first.len);
    memcpy(longer + revisions.first.len, text, strlen(text));
    free(writable(revisions.second));
    revisions.second = slice_of(longer, revisions.first.len + strlen(text));
    revisions_compare();
}

Test(verify_changes, objects_without_a_table_are_no_revision)
{
    append("\n4 0 obj\n<< /Length 12 >>\nstream\n(Rp 999) Tj \nendstream\nendobj\n");
    revisions_expect(PDF_CHANGE_NO_REVISION, "no revision");
    append("\n4 0 obj\n<< >>\nendobj\nstartxref\n9\n%%EOF\n");
    cr_expect(revisions.changes.forbidden);
}

Test(verify_changes, bytes_behind_the_end_of_a_revision_are_none)
{
    revisions_alter(METADATA, "<x/>", "<y/>");
    char *longer = malloc(revisions.second.len + 8);
    cr_assert_not_null(longer);
    memcpy(longer, revisions.second.data, revisions.second.len);
    memcpy(longer + revisions.second.len, "4 0 obj ", 8);
    free(writable(revisions.second));
    revisions.second = slice_of(longer, revisions.second.len + 8);
    revisions_compare();
    cr_expect(revisions.changes.forbidden);
}

Test(verify_changes, a_revision_without_those_before_it_is_told)
{
    char text[64];

    (void)snprintf(text, sizeof(text),
                   "\nxref\n0 0\ntrailer\n<< /Size 1 >>\nstartxref\n"
                   "%zu\n%%%%EOF\n",
                   revisions.first.len + 1);
    append(text);
    cr_expect(revisions.changes.forbidden);
}

/* Depth and loops end, and are told. */
Test(verify_changes, a_tree_without_end_is_told)
{
    revisions_alter(PAGES, "[3 0 R 5 0 R]", "[2 0 R 5 0 R]");
    cr_expect(revisions.changes.forbidden);
    free(writable(revisions.first));
    revisions.first = revisions.second;
    revisions.second = slice_of(NULL, 0);
    revisions_alter(METADATA, "<x/>", "<y/>");
    cr_expect(revisions.changes.forbidden);
}
