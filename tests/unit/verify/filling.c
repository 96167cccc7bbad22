/* Fields that are filled in after a signature: who permits it, and in which of them. */
#include <stdio.h>

#include <criterion/criterion.h>

#include "tests/unit/verify/support/revisions.h"

enum { APPEARANCE = 20, WIDGET };

TestSuite(verify_filling, .init = revisions_begin, .fini = revisions_end);

static void fill(void)
{
    revisions_alter(TEXT_FIELD, "Budi", "Susi");
}

/* The catalog calls this object the author's certification. */
static void name_certification(const char *catalog, struct update value)
{
    const struct update objects[] = {
        {CATALOG, revisions_altered(CATALOG, "/Pages", catalog)}, value};

    revisions_begin_with(objects, SG_COUNT(objects));
}

/* --- Who permits it ------------------------------------------------------------------
 */

/* It stands in the catalog alone: whoever made the letter wrote it, and nobody judges it.
 */
Test(verify_filling, a_certification_that_no_field_holds_permits_nothing)
{
    const struct update value = {CERTIFIED, revisions_lawful[CERTIFIED - 1]};

    name_certification("/Perms << /DocMDP 12 0 R >> /Pages", value);
    fill();
    revisions_expect(PDF_CHANGE_FIELD, "nama");
    cr_expect_not(revisions.changes.filled);
}

Test(verify_filling, a_certification_that_is_written_in_the_catalog_permits_nothing)
{
    const struct update value = {VALUE, revisions_certifying("/DocMDP", "/P 2")};

    name_certification("/Perms << /DocMDP << /Reference [<< /TransformMethod /DocMDP "
                       "/TransformParams << /P 2 >> >>] >> >> /Pages",
                       value);
    fill();
    revisions_expect(PDF_CHANGE_FIELD, "nama");
}

/* Another transform is no certification, and a signature without one is an approval. */
Test(verify_filling, a_signature_that_certifies_nothing_permits_nothing)
{
    const struct update value = {VALUE, revisions_lawful[VALUE - 1]};
    const struct update other = {VALUE, revisions_certifying("/Identity", "/P 2")};

    name_certification("/Perms << /DocMDP 11 0 R >> /Pages", value);
    fill();
    revisions_expect(PDF_CHANGE_FIELD, "nama");
    revisions_begin_with(&other, 1);
    fill();
    revisions_expect(PDF_CHANGE_FIELD, "nama");
}

/* An approval may take DocMDP over from its field's lock, to forbid something. */
Test(verify_filling, an_approval_permits_nothing)
{
    const struct update value = {VALUE, revisions_certifying("/DocMDP", "/P 2")};

    revisions_begin_with(&value, 1);
    fill();
    revisions_expect(PDF_CHANGE_FIELD, "nama");
}

Test(verify_filling, a_certification_of_bytes_that_are_to_come_permits_nothing)
{
    const struct update value = {
        VALUE, "<< /Type /Sig /ByteRange [0 1 2 99999] /Contents <30> /Reference "
               "[<< /TransformMethod /DocMDP /TransformParams << /P 2 >> >>] >>"};

    name_certification("/Perms << /DocMDP 11 0 R >> /Pages", value);
    fill();
    revisions_expect(PDF_CHANGE_FIELD, "nama");
}

Test(verify_filling, a_level_that_is_not_known_permits_nothing)
{
    static const char *const levels[] = {"/P 1", "/P 4", "/P 2.0", "/P -2", "/P (2)"};

    for (size_t i = 0; i < SG_COUNT(levels); i++) {
        revisions_end();
        revisions = (struct revisions){.first = {NULL, 0}};
        revisions_begin();
        revisions_certify(levels[i]);
        fill();
        revisions_expect(PDF_CHANGE_FIELD, "nama");
    }
}

Test(verify_filling, levels_two_and_three_permit_it_and_two_is_meant_by_none)
{
    static const char *const levels[] = {"/P 2", "/P 3", ""};

    for (size_t i = 0; i < SG_COUNT(levels); i++) {
        revisions_end();
        revisions = (struct revisions){.first = {NULL, 0}};
        revisions_begin();
        revisions_certify(levels[i]);
        fill();
        revisions_expect(PDF_CHANGE_FORM_FILLED, "nama");
        cr_expect(revisions.changes.filled);
        cr_expect_eq(revisions.changes.certified[3], 3);
    }
}

/* The letter is closed by whoever signed after the author. */
Test(verify_filling, the_strictest_of_all_signatures_counts)
{
    const struct update objects[] = {
        {EMPTY_FIELD, revisions_altered(EMPTY_FIELD, "/T", "/V 21 0 R /T")},
        {21, "<< /Type /Sig /ByteRange [0 1 2 3] /Contents <30> /Reference "
             "[<< /TransformMethod /DocMDP /TransformParams << /P 1 >> >>] >>"}};

    revisions_certify("/P 3");
    revisions_begin_with(objects, SG_COUNT(objects));
    fill();
    revisions_expect(PDF_CHANGE_FIELD, "nama");
}

/* --- In which fields -----------------------------------------------------------------
 */

/* The text field becomes another one, and its picture, or value, is exchanged. */
static void exchange(const char *from, const char *to)
{
    const struct update objects[] = {
        {TEXT_FIELD, revisions_altered(TEXT_FIELD, from, to)},
        {APPEARANCE, CONTENT_TEXT}};
    char text[400];

    revisions_begin_with(objects, SG_COUNT(objects));
    (void)snprintf(text, sizeof(text), "%s", objects[0].text);
    update_replace(text, "/Rect", "/AP << /N 20 0 R >> /Rect");
    revisions_update(&(struct update){TEXT_FIELD, text}, 1);
}

Test(verify_filling, a_read_only_field_is_not_filled_in)
{
    static const char *const flags[] = {"/Ff 1 /T (", "/Ff 4097 /T (", "/Ff 1.0 /T ("};

    revisions_certify("/P 2");
    for (size_t i = 0; i < SG_COUNT(flags); i++) {
        exchange("/T (", flags[i]);
        revisions_expect(PDF_CHANGE_FIELD, "nama");
    }
    exchange("/T (", "/Ff 4096 /T (");
    revisions_expect(PDF_CHANGE_FORM_FILLED, "nama");
}

Test(verify_filling, a_push_button_is_not_filled_in)
{
    revisions_certify("/P 2");
    exchange("/FT /Tx", "/FT /Btn /Ff 65536");
    revisions_expect(PDF_CHANGE_FIELD, "nama");
    exchange("/FT /Tx", "/FT /Btn");
    revisions_expect(PDF_CHANGE_FORM_FILLED, "nama");
}

Test(verify_filling, what_is_no_kind_of_field_is_not_filled_in)
{
    revisions_certify("/P 2");
    exchange("/FT /Tx", "");
    revisions_expect(PDF_CHANGE_FIELD, "nama");
    exchange("/FT /Tx", "/FT /Ch");
    revisions_expect(PDF_CHANGE_FORM_FILLED, "nama");
}

/* Kind and flags are those of the field above, of which this is a widget. */
Test(verify_filling, a_widget_of_a_read_only_field_is_not_filled_in)
{
    static const char widget[] = "<< /Parent 8 0 R /Subtype /Widget /Rect [0 0 9 9] %s>>";
    char bare[128];
    char dressed[128];

    (void)snprintf(bare, sizeof(bare), widget, "");
    (void)snprintf(dressed, sizeof(dressed), widget, "/AP << /N 20 0 R >> ");
    for (int i = 0; i < 2; i++) {
        const struct update objects[] = {
            {TEXT_FIELD, i == 0 ? "<< /FT /Tx /T (nama) /Ff 1 /V (Budi) /Kids [21 0 R] >>"
                                : "<< /FT /Tx /T (nama) /V (Budi) /Kids [21 0 R] >>"},
            {APPEARANCE, CONTENT_TEXT},
            {WIDGET, bare}};
        revisions_certify("/P 2");
        revisions_begin_with(objects, SG_COUNT(objects));
        revisions_update(&(struct update){WIDGET, dressed}, 1);
        revisions_expect(i == 0 ? PDF_CHANGE_FIELD : PDF_CHANGE_FORM_FILLED, "nama");
    }
}
