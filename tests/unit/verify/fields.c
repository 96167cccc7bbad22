/* What later revisions may do to annotations and fields. */
#include <stdio.h>
#include <stdlib.h>

#include <criterion/criterion.h>

#include "tests/unit/cms/support/writable.h"
#include "tests/unit/verify/support/revisions.h"

TestSuite(verify_fields, .init = revisions_begin, .fini = revisions_end);

Test(verify_fields, annotations_may_neither_come_nor_go_nor_change)
{
    const struct update objects[] = {
        {PAGE_1, revisions_altered(PAGE_1, "13 0 R]", "13 0 R 20 0 R]")},
        {20, "<< /Type /Annot /Subtype /FreeText /Rect [0 0 99 99] >>"}};

    revisions_update(objects, 2);
    revisions_expect(PDF_CHANGE_ANNOTATION, "page 1");
    revisions_alter(PAGE_1, " 13 0 R]", "]");
    revisions_expect(PDF_CHANGE_ANNOTATION, "page 1");
    revisions_alter(ANNOTATION, "[9 9", "[0 0");
    revisions_expect(PDF_CHANGE_ANNOTATION, "page 1");
}

/* "Evil annotation": the author permits notes, and still they are told. */
Test(verify_fields, an_annotation_on_a_certified_letter_is_told)
{
    revisions_certify("/P 3");
    revisions_alter(ANNOTATION, "[9 9", "[0 0");
    revisions_expect(PDF_CHANGE_ANNOTATION, "page 1");
}

/* "Sneaky signature": a field whose appearance shows what it likes, and no signature. */
Test(verify_fields, a_field_for_a_signature_without_one_is_none)
{
    const struct update objects[] = {
        {PAGE_1, revisions_altered(PAGE_1, "13 0 R]", "13 0 R 20 0 R]")},
        {20, "<< /FT /Sig /T (palsu) /Type /Annot /Subtype /Widget /Rect [0 0 99 99] "
             "/AP << /N 4 0 R >> /P 3 0 R >>"}};

    revisions_update(objects, 2);
    revisions_expect(PDF_CHANGE_ANNOTATION, "page 1");
}

Test(verify_fields, a_new_field_with_an_old_signature_is_none)
{
    revisions_sign(revisions_lawful[VALUE - 1]);
    cr_expect(revisions.changes.forbidden);
}

Test(verify_fields, a_signature_may_not_be_changed_or_removed)
{
    revisions_alter(VALUE, "asli", "lain");
    revisions_expect(PDF_CHANGE_SIGNED_FIELD, "kepala");
    revisions_alter(SIGNED_FIELD, "/V 11 0 R ", "");
    revisions_expect(PDF_CHANGE_SIGNED_FIELD, "kepala");
    revisions_alter(SIGNED_FIELD, "[0 0 9 9]", "[0 0 99 99]");
    revisions_expect(PDF_CHANGE_SIGNED_FIELD, "kepala");
}

Test(verify_fields, a_value_of_a_field_is_named)
{
    revisions_alter(TEXT_FIELD, "Budi", "Susi");
    revisions_expect(PDF_CHANGE_FIELD, "nama");
}

Test(verify_fields, a_field_may_be_filled_in_where_the_author_permits_it)
{
    revisions_certify("/P 2");
    revisions_alter(TEXT_FIELD, "Budi", "Susi");
    revisions_expect(PDF_CHANGE_FORM_FILLED, "nama");
    revisions_alter(TEXT_FIELD, "[0 0 9 9]", "[0 0 99 99]");
    revisions_expect(PDF_CHANGE_FIELD, "nama");
}

Test(verify_fields, a_locked_field_may_not_be_filled_in)
{
    const struct update lock = {
        EMPTY_FIELD, revisions_altered(EMPTY_FIELD, "/T", "/Lock << /Action /All >> /T")};

    revisions_certify("/P 2");
    struct slice locked = update_pdf(revisions.first, &lock, 1, CATALOG);
    free(writable(revisions.first));
    revisions.first = locked;
    revisions_alter(TEXT_FIELD, "Budi", "Susi");
    revisions_expect(PDF_CHANGE_FIELD, "nama");
}

Test(verify_fields, no_signature_may_come_where_the_author_forbids_it)
{
    revisions_certify("/P 1");
    const struct update objects[] = {
        {EMPTY_FIELD, revisions_altered(EMPTY_FIELD, "/T", "/V 21 0 R /T")},
        {21, revisions_covering("/Type /Sig")}};
    revisions_update(objects, 2);
    revisions_expect(PDF_CHANGE_CERTIFIED, "kosong");
}

Test(verify_fields, other_fields_may_not_come)
{
    const struct update objects[] = {
        {FORM, revisions_altered(FORM, "10 0 R]", "10 0 R 20 0 R]")},
        {20, "<< /FT /Tx /T (baru) /V (x) >>"}};

    revisions_update(objects, 2);
    revisions_expect(PDF_CHANGE_FIELD_ADDED, "baru");
}

/* Nobody asks who made it: it must not cover what the page says. */
Test(verify_fields, a_time_stamp_that_shows_something_is_told)
{
    const struct update objects[] = {
        {PAGE_1, revisions_altered(PAGE_1, "13 0 R]", "13 0 R 20 0 R]")},
        {FORM, revisions_altered(FORM, "10 0 R]", "10 0 R 20 0 R]")},
        {20, "<< /FT /Sig /T (baru) /V 21 0 R /Type /Annot /Subtype /Widget "
             "/Rect [0 0 99 99] /P 3 0 R >>"},
        {21, revisions_covering("/Type /DocTimeStamp /SubFilter /ETSI.RFC3161")}};

    revisions_update(objects, SG_COUNT(objects));
    cr_expect(revisions.changes.forbidden);
}

/* --- What is shared ------------------------------------------------------------------
 */

enum { APPEARANCE = 20 };

/* The first revision with an appearance of the empty field. */
static void dress(const char *shared_key)
{
    char catalog[96];

    (void)snprintf(catalog, sizeof(catalog), "%s /Pages", shared_key);
    const struct update objects[] = {
        {EMPTY_FIELD, revisions_altered(EMPTY_FIELD, "/T", "/AP << /N 20 0 R >> /T")},
        {TEXT_FIELD, revisions_altered(TEXT_FIELD, "/T (", "/AP << /N 20 0 R >> /T (")},
        {CATALOG, revisions_altered(CATALOG, "/Pages", catalog)},
        {APPEARANCE, CONTENT_TEXT}};
    struct slice dressed = update_pdf(revisions.first, objects, 4, CATALOG);
    free(writable(revisions.first));
    revisions.first = dressed;
}

/* Signs the empty field, and draws its appearance anew in the same object. */
static void sign_dressed(void)
{
    const struct update objects[] = {
        {EMPTY_FIELD,
         revisions_altered(EMPTY_FIELD, "/T", "/V 21 0 R /AP << /N 20 0 R >> /T")},
        {APPEARANCE, "<< /Length 3 >>\nstream\nq Q\nendstream"},
        {21, revisions_covering("/Type /Sig")}};

    revisions_update(objects, 3);
}

Test(verify_fields, an_appearance_that_is_something_else_too_may_not_change)
{
    dress("/FooBar 20 0 R");
    sign_dressed();
    cr_expect(revisions.changes.forbidden);
}

Test(verify_fields, another_field_may_not_change_with_the_one_that_is_signed)
{
    dress("");
    sign_dressed();
    cr_expect(revisions.changes.forbidden);
}

/* A certified letter whose text field has an appearance, and the catalog one key more. */
static void dress_text(const char *key)
{
    char catalog[96];

    (void)snprintf(catalog, sizeof(catalog), "/Perms << /DocMDP 12 0 R >> %s /Pages",
                   key);
    const struct update objects[] = {
        {TEXT_FIELD, revisions_altered(TEXT_FIELD, "/T (", "/AP << /N 20 0 R >> /T (")},
        {CATALOG, revisions_altered(CATALOG, "/Pages", catalog)},
        {APPEARANCE, CONTENT_TEXT}};
    struct slice dressed = update_pdf(revisions.first, objects, 3, CATALOG);
    free(writable(revisions.first));
    revisions.first = dressed;
    revisions_update(
        &(struct update){APPEARANCE, "<< /Length 3 >>\nstream\nq Q\nendstream"}, 1);
}

Test(verify_fields, a_permitted_filling_shows_only_in_its_field)
{
    dress_text("/FooBar 20 0 R");
    revisions_expect(PDF_CHANGE_DOCUMENT, "/FooBar");
}

Test(verify_fields, a_permitted_filling_is_told_though_it_changes_the_picture_alone)
{
    dress_text("");
    revisions_expect(PDF_CHANGE_FORM_FILLED, "nama");
}

/* --- The form as a whole -------------------------------------------------------------
 */

static void share(const char *resources)
{
    char text[96];

    (void)snprintf(text, sizeof(text), "/DR << /Font << %s >> >> /Fields", resources);
    revisions_alter(FORM, "/Fields", text);
}

Test(verify_fields, resources_may_be_added_and_not_changed)
{
    share("/F1 6 0 R");
    cr_expect_eq(revisions.changes.count, 0);
    free(writable(revisions.first));
    revisions.first = revisions.second;
    revisions.second = slice_of(NULL, 0);
    share("/F1 6 0 R /F2 4 0 R");
    cr_expect_eq(revisions.changes.count, 0);
    share("/F1 4 0 R");
    revisions_expect(PDF_CHANGE_FORM, "/DR");
    share("/F2 6 0 R");
    revisions_expect(PDF_CHANGE_FORM, "/DR");
}

Test(verify_fields, settings_may_not_change)
{
    revisions_alter(FORM, "/SigFlags", "/NeedAppearances true /SigFlags");
    revisions_expect(PDF_CHANGE_FORM, "/NeedAppearances");
    revisions_alter(FORM, "/SigFlags", "/XFA [] /SigFlags");
    revisions_expect(PDF_CHANGE_FORM, "/XFA");
}
