/* Fields that viewers draw themselves: what the form says for all of them shows on the
 * page, and may not come after a signature. */
#include <stdio.h>

#include <criterion/criterion.h>

#include "tests/unit/cms/support/writable.h"
#include "tests/unit/verify/support/revisions.h"

enum { PICTURE = 20 };

#define WRITING "/DA (/Helv 0 Tf 0 g) "

#define PICTURE_TEXT                                                                     \
    "<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Length 3 >>\nstream\nq "          \
    "Q\nendstream"

TestSuite(verify_redrawn, .init = revisions_begin, .fini = revisions_end);

/* The text field as it is signed. */
static void begin_with_field(const char *from, const char *to)
{
    const struct update objects[] = {
        {TEXT_FIELD, revisions_altered(TEXT_FIELD, from, to)}, {PICTURE, PICTURE_TEXT}};

    revisions_begin_with(objects, SG_COUNT(objects));
}

/* With a picture of its own, which viewers show. */
static void begin_drawn(void)
{
    begin_with_field("/T (", "/AP << /N 20 0 R >> " WRITING "/T (");
}

static void begin_with_form(const char *settings)
{
    const struct update form = {FORM, revisions_altered(FORM, "/SigFlags", settings)};

    revisions_begin_with(&form, 1);
}

static void expect_none(void)
{
    cr_expect_eq(revisions.changes.count, 0, "%s",
                 pdf_change_code(revisions.changes.at[0].kind));
    cr_expect_not(revisions.changes.forbidden);
}

/* The field's value and its picture differ: whoever signs sees the one, and whoever reads
 * the letter later the other. */
Test(verify_redrawn, what_redraws_a_field_is_a_change_of_the_form)
{
    begin_drawn();
    begin_with_form("/NeedAppearances true /SigFlags");
    revisions_update(&(struct update){FORM, revisions_lawful[FORM - 1]}, 1);
    revisions_expect(PDF_CHANGE_FORM, "/NeedAppearances");
    begin_with_form("/NeedAppearances /true /SigFlags");
    revisions_update(&(struct update){FORM, revisions_lawful[FORM - 1]}, 1);
    revisions_expect(PDF_CHANGE_FORM, "/NeedAppearances");
}

Test(verify_redrawn, resources_that_a_field_is_drawn_with_are_a_change_of_the_form)
{
    revisions_alter(FORM, "/SigFlags", "/DR << /Font << /F1 6 0 R >> >> /SigFlags");
    revisions_expect(PDF_CHANGE_FORM, "/DR");
    begin_with_form("/DR << /Font << /F2 6 0 R >> >> /SigFlags");
    revisions_alter(FORM, "/SigFlags",
                    "/DR << /Font << /F2 6 0 R /F1 6 0 R >> >> /SigFlags");
    revisions_expect(PDF_CHANGE_FORM, "/DR");
    revisions_alter(FORM, "/SigFlags",
                    "/DR << /Font << /F2 6 0 R >> /Encoding << /E 6 0 R >> >> /SigFlags");
    revisions_expect(PDF_CHANGE_FORM, "/DR");
}

Test(verify_redrawn, the_way_a_field_is_written_is_a_change_of_the_form)
{
    revisions_alter(FORM, "/SigFlags", "/DA (/F1 9 Tf 1 g) /SigFlags");
    revisions_expect(PDF_CHANGE_FORM, "/DA");
}

/* Some viewers write a value anew where a field has a picture, too. */
Test(verify_redrawn, the_way_a_field_is_written_that_says_none_is_a_change_of_the_form)
{
    begin_with_field("/T (", "/AP << /N 20 0 R >> /T (");
    revisions_alter(FORM, "/SigFlags", "/DA (/F1 9 Tf 1 g) /SigFlags");
    revisions_expect(PDF_CHANGE_FORM, "/DA");
}

/* With a picture, too, where viewers draw all fields anew. */
Test(verify_redrawn, all_fields_are_drawn_where_the_form_asks_for_it)
{
    begin_drawn();
    begin_with_form("/NeedAppearances true /SigFlags");
    revisions_alter(FORM, "/SigFlags",
                    "/NeedAppearances true /DA (/F1 9 Tf 1 g) /SigFlags");
    revisions_expect(PDF_CHANGE_FORM, "/DA");
}

/* A picture that is none is drawn as well. */
Test(verify_redrawn, a_field_without_a_true_picture_is_drawn)
{
    static const char *const looks[] = {
        WRITING "/AP 20 0 R /T (", WRITING "/AP << /N << /A 20 0 R >> >> /T (",
        WRITING "/AP << /D 20 0 R >> /T (", WRITING "/AP (x) /T ("};

    for (size_t i = 0; i < SG_COUNT(looks); i++) {
        begin_with_field("/T (", looks[i]);
        revisions_alter(FORM, "/SigFlags", "/DA (/F1 9 Tf 1 g) /SigFlags");
        revisions_expect(PDF_CHANGE_FORM, "/DA");
    }
}

/* Viewers draw what a page lists, whether the form knows it or not. */
Test(verify_redrawn, a_widget_that_the_form_does_not_list_is_drawn)
{
    const struct update objects[] = {
        {ANNOTATION, "<< /Type /Annot /Subtype /Widget /FT /Tx /V (1000) " WRITING
                     "/Rect [9 9 99 99] >>"}};

    begin_drawn();
    revisions_begin_with(objects, SG_COUNT(objects));
    revisions_alter(FORM, "/SigFlags", "/DA (/F1 9 Tf 1 g) /SigFlags");
    revisions_expect(PDF_CHANGE_FORM, "/DA");
}

Test(verify_redrawn, a_note_without_a_picture_is_drawn)
{
    const struct update note = {ANNOTATION,
                                "<< /Type /Annot /Subtype /FreeText /Contents "
                                "(1000) /Rect [9 9 99 99] >>"};

    begin_drawn();
    revisions_begin_with(&note, 1);
    revisions_alter(FORM, "/SigFlags", "/DR << /Font << /F1 6 0 R >> >> /SigFlags");
    revisions_expect(PDF_CHANGE_FORM, "/DR");
}

/* A field that nobody fills in shows what its author drew. */
Test(verify_redrawn, what_redraws_a_read_only_field_is_a_change_under_a_certification_too)
{
    revisions_certify("/P 2");
    begin_with_field("/T (", "/Ff 1 " WRITING "/T (");
    revisions_alter(FORM, "/SigFlags", "/DA (/F1 9 Tf 1 g) /SigFlags");
    revisions_expect(PDF_CHANGE_FORM, "/DA");
    begin_with_form("/NeedAppearances true /SigFlags");
    revisions_update(&(struct update){FORM, revisions_lawful[FORM - 1]}, 1);
    revisions_expect(PDF_CHANGE_FORM, "/NeedAppearances");
}

/* --- What is lawful --------------------------------------------------------------------
 */

/* All of it, as many a program sets it when it signs. */
static void set_all(void)
{
    revisions_alter(FORM, "/SigFlags",
                    "/DA (/F1 9 Tf 0 g) /DR << /Font << /F1 6 0 R >> >> /SigFlags");
    expect_none();
}

Test(verify_redrawn, settings_may_come_where_fields_have_pictures)
{
    begin_drawn();
    set_all();
}

/* There is nothing to be written. */
Test(verify_redrawn, settings_may_come_where_fields_are_empty)
{
    begin_with_field("/V (Budi)", "");
    set_all();
    begin_with_field("/V (Budi)", "/V ()");
    set_all();
}

Test(verify_redrawn, a_button_has_a_picture_for_each_state)
{
    begin_with_field("/FT /Tx /T (nama) /V (Budi)",
                     "/FT /Btn /T (nama) /AS /Ya /AP << /N << /Ya 20 0 R >> >>");
    set_all();
}

/* Fields for signatures are nobody's to draw. */
Test(verify_redrawn, the_request_to_draw_may_go_where_only_signatures_are)
{
    const struct update objects[] = {
        {PAGE_1, revisions_altered(PAGE_1, "8 0 R 9 0 R", "9 0 R")},
        {FORM, "<< /Fields [9 0 R 10 0 R] /SigFlags 3 /NeedAppearances true >>"}};

    revisions_begin_with(objects, SG_COUNT(objects));
    revisions_update(&(struct update){FORM, "<< /Fields [9 0 R 10 0 R] /SigFlags 3 >>"},
                     1);
    expect_none();
}

Test(verify_redrawn, a_request_not_to_draw_may_go)
{
    begin_with_form("/NeedAppearances false /SigFlags");
    revisions_update(&(struct update){FORM, revisions_lawful[FORM - 1]}, 1);
    expect_none();
}

/* Programs set it when they fill in a form; that the certification is sound is asked. */
Test(verify_redrawn, whoever_may_fill_in_the_fields_may_set_how_they_are_drawn)
{
    revisions_certify("/P 2");
    revisions_alter(FORM, "/SigFlags", "/DR << /Font << /F1 6 0 R >> >> /SigFlags");
    revisions_expect(PDF_CHANGE_FORM_SET, "/DR was set");
    cr_expect(revisions.changes.filled);
    begin_with_form("/NeedAppearances true /SigFlags");
    revisions_update(&(struct update){FORM, revisions_lawful[FORM - 1]}, 1);
    revisions_expect(PDF_CHANGE_FORM_SET, "/NeedAppearances");
    pdf_changes_take_back(&revisions.changes);
    revisions_expect(PDF_CHANGE_FORM, "/NeedAppearances");
    cr_expect_not(revisions.changes.filled);
}
