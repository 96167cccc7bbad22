/* What a time-stamp of the document may be: nobody asks who made it. */
#include <stdio.h>

#include <criterion/criterion.h>

#include "tests/unit/verify/support/revisions.h"

TestSuite(verify_stamps, .init = revisions_begin, .fini = revisions_end);

/* In a new field with these keys. */
static void stamp(const char *keys)
{
    char field[300];

    (void)snprintf(field, sizeof(field),
                   "<< /FT /Sig /T (baru) /V 21 0 R /Type /Annot %s /P 3 0 R >>", keys);
    const struct update objects[] = {
        {PAGE_1, revisions_altered(PAGE_1, "13 0 R]", "13 0 R 20 0 R]")},
        {FORM, revisions_altered(FORM, "10 0 R]", "10 0 R 20 0 R]")},
        {20, field},
        {21, revisions_covering("/Type /DocTimeStamp /SubFilter /ETSI.RFC3161")},
        {22, "<< /Subtype /Form /BBox [0 0 0 0] /Length 12 >>\nstream\n % DSBlank\n "
             "\nendstream"}};
    revisions_update(objects, SG_COUNT(objects));
}

/* Nobody asks who made it: it must not cover what the page says. */
Test(verify_stamps, a_time_stamp_that_shows_something_is_told)
{
    stamp("/Subtype /Widget /Rect [0 0 99 99]");
    cr_expect(revisions.changes.forbidden);
    stamp("/Subtype /Widget /Rect [9 9 9 99]");
    cr_expect(revisions.changes.forbidden);
    stamp("/Subtype /Widget /Rect [9 9 9 9]");
    revisions_expect(PDF_CHANGE_TIME_STAMP, "baru");
}

/* Some viewer draws it all over the page. */
Test(verify_stamps, a_widget_of_a_time_stamp_has_a_rectangle)
{
    stamp("/Subtype /Widget");
    cr_expect(revisions.changes.forbidden);
    stamp("/AP << /N 4 0 R >>");
    cr_expect(revisions.changes.forbidden);
    stamp("");
    revisions_expect(PDF_CHANGE_TIME_STAMP, "baru");
}

/* Some viewer may make a rectangle of it. */
Test(verify_stamps, a_time_stamp_without_a_true_rectangle_is_told)
{
    static const char *const rects[] = {
        "/Subtype /Widget /Rect [0 0 99 99 0]", "/Subtype /Widget /Rect [0 0 0 0 9]",
        "/Subtype /Widget /Rect [0 0 99]", "/Subtype /Widget /Rect [(0) (0) (99) (99)]",
        "/Subtype /Widget /Rect (0 0 9 9)"};

    for (size_t i = 0; i < SG_COUNT(rects); i++) {
        stamp(rects[i]);
        cr_expect(revisions.changes.forbidden, "%s", rects[i]);
    }
}

static void stamp_without_size(const char *keys)
{
    char all[200];

    (void)snprintf(all, sizeof(all), "/Rect [50 50 50 50] %s", keys);
    stamp(all);
}

Test(verify_stamps, a_time_stamp_is_a_widget_that_does_nothing)
{
    static const char *const others[] = {
        "/Subtype /Text /Contents (palsu) /Open true",
        "/Subtype /Line /L [10 10 500 800] /BS << /W 20 >>",
        "/Subtype /Ink /InkList [[10 10 500 800]]",
        "/Subtype (Widget)",
        "/Subtype /Widget /A << /S /JavaScript /JS (x) >>",
        "/Subtype /Widget /AA << /PO << /S /JavaScript /JS (x) >> >>",
        "/Subtype /Widget /AP << /N 4 0 R >>",
        "/Subtype /Widget /AP << /N << /A 4 0 R >> >>",
        "/Subtype /Widget /AP 4 0 R",
        "/Subtype /Widget /F 148",
        "/Subtype /Widget /F 140",
        "/Subtype /Widget /BS << /W 300 >>",
        "/Subtype /Widget /Border [0 0 300]",
        "/Subtype /Widget /MK << /BC [1 0 0] >>",
        "/Kids [22 0 R]"};

    for (size_t i = 0; i < SG_COUNT(others); i++) {
        stamp_without_size(others[i]);
        cr_expect(revisions.changes.forbidden, "%s", others[i]);
    }
    stamp_without_size("/Subtype /Widget /F 132 /MK << >> /AP << /N 22 0 R >>");
    revisions_expect(PDF_CHANGE_TIME_STAMP, "baru");
}
