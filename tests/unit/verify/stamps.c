/* What a time-stamp of the document may be: nobody asks who made it. */
#include <stdio.h>

#include <criterion/criterion.h>

#include "tests/unit/verify/support/revisions.h"

TestSuite(verify_stamps, .init = revisions_begin, .fini = revisions_end);

/* In a new field without a size; more: other keys of it. */
static void stamp(const char *more)
{
    char field[300];

    (void)snprintf(field, sizeof(field),
                   "<< /FT /Sig /T (baru) /V 21 0 R /Type /Annot /Rect [50 50 50 50] "
                   "/P 3 0 R %s >>",
                   more);
    const struct update objects[] = {
        {PAGE_1, revisions_altered(PAGE_1, "13 0 R]", "13 0 R 20 0 R]")},
        {FORM, revisions_altered(FORM, "10 0 R]", "10 0 R 20 0 R]")},
        {20, field},
        {21, revisions_covering("/Type /DocTimeStamp /SubFilter /ETSI.RFC3161")}};
    revisions_update(objects, SG_COUNT(objects));
}

Test(verify_stamps, a_time_stamp_is_a_widget_that_does_nothing)
{
    static const char *const others[] = {
        "/Subtype /Text /Contents (palsu) /Open true",
        "/Subtype /Line /L [10 10 500 800] /BS << /W 20 >>",
        "/Subtype /Ink /InkList [[10 10 500 800]]",
        "/Subtype (Widget)",
        "/Subtype /Widget /A << /S /JavaScript /JS (x) >>",
        "/Subtype /Widget /AA << /PO << /S /JavaScript /JS (x) >> >>"};

    for (size_t i = 0; i < SG_COUNT(others); i++) {
        stamp(others[i]);
        cr_expect(revisions.changes.forbidden, "%s", others[i]);
    }
    stamp("/Subtype /Widget /F 132 /AP << /N 4 0 R >>");
    revisions_expect(PDF_CHANGE_TIME_STAMP, "baru");
}
