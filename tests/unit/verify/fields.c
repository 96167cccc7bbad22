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
    revisions_begin_with(&lock, 1);
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

/* A new signature in two objects: 20 is the field, 22 its widget on page 1. */
static void sign_apart(const char *fields, const char *widget, const char *value)
{
    const struct update objects[] = {
        {PAGE_1, revisions_altered(PAGE_1, "13 0 R]", "13 0 R 22 0 R]")},
        {FORM, revisions_altered(FORM, "10 0 R]", fields)},
        {20, "<< /FT /Sig /T (baru) /V 21 0 R /Kids [22 0 R] >>"},
        {21, value},
        {22, widget}};

    revisions_update(objects, SG_COUNT(objects));
}

Test(verify_fields, a_new_signature_may_have_a_widget_of_its_own)
{
    sign_apart("10 0 R 20 0 R]",
               "<< /Parent 20 0 R /Type /Annot /Subtype /Widget /Rect [0 0 99 99] >>",
               revisions_covering("/Type /Sig"));
    revisions_expect(PDF_CHANGE_SIGNATURE, "baru");
}

/* Nobody would judge it, and it shows what it likes. */
Test(verify_fields, what_the_form_does_not_list_is_no_signature)
{
    const struct update objects[] = {
        {PAGE_1, revisions_altered(PAGE_1, "13 0 R]", "13 0 R 20 0 R]")},
        {20, "<< /FT /Sig /T (palsu) /V 21 0 R /Type /Annot /Subtype /Widget "
             "/Rect [0 0 595 842] /AP << /N 4 0 R >> /P 3 0 R >>"},
        {21, revisions_covering("/Type /Sig")}};

    revisions_update(objects, SG_COUNT(objects));
    revisions_expect(PDF_CHANGE_ANNOTATION, "page 1");
    sign_apart("10 0 R]", "<< /Parent 20 0 R /Subtype /Widget /Rect [0 0 99 99] >>",
               revisions_covering("/Type /Sig"));
    revisions_expect(PDF_CHANGE_ANNOTATION, "page 1");
}

/* The value covers enough, and is not the one that is judged. */
Test(verify_fields, a_widget_with_another_value_is_no_part_of_the_signature)
{
    char widget[400];

    (void)snprintf(widget, sizeof(widget),
                   "<< /Parent 20 0 R /V %s /Subtype /Widget /Rect [0 0 99 99] >>",
                   revisions_covering("/Type /Sig"));
    sign_apart("10 0 R 20 0 R]", widget, revisions_covering("/Type /Sig"));
    cr_expect(revisions.changes.forbidden);
    const struct update objects[] = {
        {PAGE_1, revisions_altered(PAGE_1, "13 0 R]", "13 0 R 22 0 R]")},
        {FORM, revisions_altered(FORM, "10 0 R]", "10 0 R 20 0 R]")},
        {20, "<< /FT /Sig /T (baru) /V 21 0 R >>"},
        {21, revisions_covering("/Type /Sig")},
        {22, widget}};
    revisions_update(objects, SG_COUNT(objects));
    cr_expect(revisions.changes.forbidden);
}

/* It inherits the value and has a name: the form would list it as a field of its own. */
Test(verify_fields, a_field_that_its_parent_does_not_list_is_no_widget_of_it)
{
    const struct update objects[] = {
        {PAGE_1, revisions_altered(PAGE_1, "13 0 R]", "13 0 R 22 0 R]")},
        {FORM, revisions_altered(FORM, "10 0 R]", "10 0 R 20 0 R]")},
        {20, "<< /FT /Sig /T (baru) /V 21 0 R >>"},
        {21, revisions_covering("/Type /Sig")},
        {22, "<< /Parent 20 0 R /T (b) /Subtype /Widget /Rect [0 0 99 99] >>"}};

    revisions_update(objects, SG_COUNT(objects));
    cr_expect(revisions.changes.forbidden);
}

/* The first revision: the empty field has a widget of its own, 22. */
static const char *begin_apart(void)
{
    static const char widget[] = "<< /Parent 9 0 R /Type /Annot /Subtype /Widget "
                                 "/Rect [0 0 99 99] /P 3 0 R %s>>";
    static char bare[128];
    static char dressed[160];

    (void)snprintf(bare, sizeof(bare), widget, "");
    (void)snprintf(dressed, sizeof(dressed), widget, "/AP << /N 23 0 R >> ");
    const struct update objects[] = {
        {PAGE_1, revisions_altered(PAGE_1, "9 0 R 10 0 R", "22 0 R 10 0 R")},
        {EMPTY_FIELD, "<< /FT /Sig /T (kosong) /Kids [22 0 R] >>"},
        {22, bare}};
    revisions_begin_with(objects, SG_COUNT(objects));
    return dressed;
}

/* Signed as "segel sign --field" does it. */
static void sign_widget(const char *widget, const char *more)
{
    const struct update objects[] = {
        {EMPTY_FIELD, "<< /FT /Sig /T (kosong) /Kids [22 0 R] /V 21 0 R >>"},
        {21, revisions_covering(more)},
        {22, widget},
        {23, CONTENT_TEXT}};

    revisions_update(objects, SG_COUNT(objects));
}

Test(verify_fields, a_field_with_a_widget_of_its_own_may_be_signed)
{
    const char *dressed = begin_apart();

    sign_widget(dressed, "/Type /Sig");
    revisions_expect(PDF_CHANGE_SIGNATURE, "kosong");
}

Test(verify_fields, a_widget_may_not_move_with_its_signature)
{
    (void)begin_apart();
    sign_widget("<< /Parent 9 0 R /Type /Annot /Subtype /Widget /Rect [0 0 595 842] "
                "/P 3 0 R /AP << /N 23 0 R >> >>",
                "/Type /Sig");
    cr_expect(revisions.changes.forbidden);
}

Test(verify_fields, a_widget_of_its_own_shows_no_time_stamp)
{
    const char *dressed = begin_apart();

    sign_widget(dressed, "/Type /DocTimeStamp /SubFilter /ETSI.RFC3161");
    cr_expect(revisions.changes.forbidden);
}

/* Nothing is signed: then nothing of the widget may change. */
Test(verify_fields, a_widget_of_an_empty_field_may_not_change)
{
    const struct update objects[] = {{22, begin_apart()}, {23, CONTENT_TEXT}};

    revisions_update(objects, SG_COUNT(objects));
    revisions_expect(PDF_CHANGE_SIGNED_FIELD, "kosong");
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
    revisions_begin_with(objects, SG_COUNT(objects));
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

    (void)snprintf(catalog, sizeof(catalog), "/Perms << /DocMDP 11 0 R >> %s /Pages",
                   key);
    const struct update objects[] = {
        {VALUE, revisions_certifying("/DocMDP", "/P 2")},
        {TEXT_FIELD, revisions_altered(TEXT_FIELD, "/T (", "/AP << /N 20 0 R >> /T (")},
        {CATALOG, revisions_altered(CATALOG, "/Pages", catalog)},
        {APPEARANCE, CONTENT_TEXT}};
    revisions_begin_with(objects, SG_COUNT(objects));
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
    const struct update empty = {TEXT_FIELD,
                                 revisions_altered(TEXT_FIELD, "/V (Budi)", "")};

    revisions_begin_with(&empty, 1);
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

/* Some viewers give a widget of the page, which no field has, what this field says. */
Test(verify_fields, a_new_signature_s_field_has_new_widgets_alone)
{
    static const struct {
        const char *kid;
        const char *text; /* of object 22 */
        bool lawful;
    } ways[] = {
        {"22 0 R",
         "<< /Type /Annot /Subtype /Widget /Rect [0 0 9 9] /P 3 0 R /Parent 20 0 R >>",
         true},
        {"13 0 R", "(x)", false},
        {"22 0 R", "<< /Type /Annot /Subtype /Widget /Kids [13 0 R] >>", false},
        {"22 0 R", "<< /FT /Tx /V (palsu) >>", false},
        {"22 0 R", "(x)", false},
    };

    for (size_t i = 0; i < SG_COUNT(ways); i++) {
        char field[128];
        (void)snprintf(field, sizeof(field),
                       "<< /FT /Sig /T (baru) /V 21 0 R /Kids [%s] >>", ways[i].kid);
        const struct update objects[] = {
            {FORM, revisions_altered(FORM, "10 0 R]", "10 0 R 20 0 R]")},
            {20, field},
            {21, revisions_covering("/Type /Sig")},
            {22, ways[i].text}};
        revisions_update(objects, SG_COUNT(objects));
        cr_expect_eq(!revisions.changes.forbidden, ways[i].lawful, "%s", ways[i].text);
    }
}
