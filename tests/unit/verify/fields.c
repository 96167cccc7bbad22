/* What later revisions may do to annotations and fields. */
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
