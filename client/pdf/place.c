#include "client/pdf/place.h"

#include <stdio.h>

#include "client/pdf/form.h"

/* How far a template's field may stand beyond the page, for rounding; in points. */
enum { EDGE = 1 };

static enum sg_status choose_new(const struct pdf_reader *reader,
                                 const struct pdf_wish *wish, struct pdf_place *place,
                                 struct pdf_verdict *verdict)
{
    char name[32];

    TRY(pdf_form_free_name(reader, &place->number, verdict));
    (void)snprintf(name, sizeof(name), "Signature%d", place->number);
    /* A time stamp fills nothing in and is no change of the letter (ISO 32000-2 table
     * 257): who certified or locked it is not asked. What its pages are was settled when
     * it was signed. */
    if (wish->adds == PDF_ADDS_STAMP) {
        TRY(pdf_form_takes(reader, verdict));
        return pdf_page_first(reader, &place->page, verdict);
    }
    TRY(pdf_form_allows(reader, name, true, verdict));
    place->visible = wish->page != 0;
    TRY(pdf_page_find(reader, place->visible ? wish->page : 1, &place->page, verdict));
    if (!place->visible) {
        return SG_OK;
    }
    TRY(pdf_page_view(reader, place->page.node, &place->view, verdict));
    if (!pdf_view_place(&place->view, &wish->rect, place->box)) {
        return pdf_refuse(verdict, PDF_RECTANGLE, NULL);
    }
    return SG_OK;
}

/* A field and its only widget are one object in most files, and two in some. */
static enum sg_status find_widget(const struct pdf_reader *reader,
                                  struct pdf_place *place, struct pdf_verdict *verdict)
{
    qpdf_oh kids = pdf_get(reader, place->field, "/Kids");
    int count = pdf_count(reader, kids);

    place->widget = place->field;
    if (count == 0) {
        return SG_OK;
    }
    place->widget = qpdf_oh_get_array_item(reader->qpdf, kids, 0);
    if (count != 1 || !pdf_is_dict(reader, place->widget) ||
        !qpdf_oh_is_indirect(reader->qpdf, place->widget)) {
        return pdf_refuse(verdict, PDF_FORM_DAMAGED, "the field's widget");
    }
    return SG_OK;
}

/* ISO 32000-2 table 167. */
enum {
    FLAG_INVISIBLE = 1 << 0,
    FLAG_HIDDEN = 1 << 1,
    FLAG_PRINT = 1 << 2,
    FLAG_NO_VIEW = 1 << 5,
    FLAGS_UNSEEN = FLAG_INVISIBLE | FLAG_HIDDEN | FLAG_NO_VIEW
};

static long long flags_of(const struct pdf_reader *reader, const struct pdf_place *place)
{
    return pdf_int(reader, pdf_get(reader, place->widget, "/F"), 0);
}

/* A template's field that says nothing of printing is on no paper. */
static long long print_flags(long long flags)
{
    return (flags & (FLAGS_UNSEEN | FLAG_PRINT)) == 0 ? flags | FLAG_PRINT : 0;
}

/* Whether everybody who opens the letter sees the field: an optional content group may
 * be off, now or later. */
static bool is_shown(const struct pdf_reader *reader, const struct pdf_place *place)
{
    const struct pdf_view *view = &place->view;

    if (!place->visible) {
        return false;
    }
    double edge = EDGE / view->unit;
    return (flags_of(reader, place) & FLAGS_UNSEEN) == 0 &&
           qpdf_oh_is_null(reader->qpdf, pdf_get(reader, place->widget, "/OC")) &&
           place->box[0] >= view->left - edge && place->box[2] <= view->right + edge &&
           place->box[1] >= view->bottom - edge && place->box[3] <= view->top + edge;
}

static enum sg_status find_view(const struct pdf_reader *reader, struct pdf_place *place,
                                struct pdf_verdict *verdict)
{
    qpdf_oh page = 0;

    if (!pdf_page_box(reader, pdf_get(reader, place->widget, "/Rect"), place->box) ||
        place->box[2] <= place->box[0] || place->box[3] <= place->box[1]) {
        return SG_OK;
    }
    TRY(pdf_page_showing(reader, place->widget, &page, verdict));
    TRY(pdf_page_view(reader, page, &place->view, verdict));
    /* In points, whatever the page counts in. */
    double unit = place->view.unit;
    place->visible = (place->box[2] - place->box[0]) * unit >= 1 &&
                     (place->box[3] - place->box[1]) * unit >= 1;
    return SG_OK;
}

static enum sg_status choose_existing(const struct pdf_reader *reader,
                                      const struct pdf_wish *wish,
                                      struct pdf_place *place,
                                      struct pdf_verdict *verdict)
{
    place->existing = true;
    TRY(pdf_form_allows(reader, wish->field, false, verdict));
    TRY(pdf_form_target(reader, wish, &place->field, verdict));
    TRY(find_widget(reader, place, verdict));
    TRY(find_view(reader, place, verdict));
    place->print = print_flags(flags_of(reader, place));
    return !wish->shown || is_shown(reader, place)
               ? SG_OK
               : pdf_refuse(verdict, PDF_FIELD_HIDDEN, wish->field);
}

enum sg_status pdf_place_choose(const struct pdf_reader *reader,
                                const struct pdf_wish *wish, struct pdf_place *place,
                                struct pdf_verdict *verdict)
{
    *place = (struct pdf_place){0};
    if (wish->field != NULL) {
        return choose_existing(reader, wish, place, verdict);
    }
    return choose_new(reader, wish, place, verdict);
}
