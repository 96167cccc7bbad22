#include "client/pdf/view.h"

#include <math.h>

static void order(double *low, double *high)
{
    if (*low > *high) {
        double swap = *low;
        *low = *high;
        *high = swap;
    }
}

bool pdf_page_box(const struct pdf_reader *reader, qpdf_oh array, double box[4])
{
    if (pdf_count(reader, array) != 4) {
        return false;
    }
    for (int i = 0; i < 4; i++) {
        qpdf_oh item = qpdf_oh_get_array_item(reader->qpdf, array, i);
        if (!qpdf_oh_get_value_as_number(reader->qpdf, item, &box[i]) ||
            !isfinite(box[i]) || fabs(box[i]) > 1e6) {
            return false;
        }
    }
    order(&box[0], &box[2]);
    order(&box[1], &box[3]);
    return true;
}

/* What is shown is the part of the crop box that lies on the medium. */
static bool visible_box(const struct pdf_reader *reader, qpdf_oh page,
                        struct pdf_view *view)
{
    double media[4];
    double crop[4];

    if (!pdf_page_box(reader, pdf_inherited(reader, page, "/MediaBox"), media)) {
        return false;
    }
    qpdf_oh array = pdf_inherited(reader, page, "/CropBox");
    if (qpdf_oh_is_null(reader->qpdf, array)) {
        memcpy(crop, media, sizeof(crop));
    } else if (!pdf_page_box(reader, array, crop)) {
        return false;
    }
    view->left = fmax(media[0], crop[0]);
    view->bottom = fmax(media[1], crop[1]);
    view->right = fmin(media[2], crop[2]);
    view->top = fmin(media[3], crop[3]);
    return view->right > view->left && view->top > view->bottom;
}

enum sg_status pdf_page_view(const struct pdf_reader *reader, qpdf_oh page,
                             struct pdf_view *view, struct pdf_verdict *verdict)
{
    qpdf_oh turned = pdf_inherited(reader, page, "/Rotate");
    long long rotate = pdf_int(reader, turned, 0);
    bool whole =
        qpdf_oh_is_null(reader->qpdf, turned) || qpdf_oh_is_integer(reader->qpdf, turned);
    qpdf_oh unit = pdf_get(reader, page, "/UserUnit");

    if (!visible_box(reader, page, view)) {
        return pdf_refuse(verdict, PDF_PAGE_UNUSUAL, "its visible area");
    }
    if (!whole || rotate % 90 != 0) {
        return pdf_refuse(verdict, PDF_PAGE_UNUSUAL, "its rotation");
    }
    view->rotate = (int)((rotate % 360 + 360) % 360);
    if (!qpdf_oh_get_value_as_number(reader->qpdf, unit, &view->unit)) {
        view->unit = 1;
    }
    if (!isfinite(view->unit) || view->unit < 0.001 || view->unit > 1e5) {
        return pdf_refuse(verdict, PDF_PAGE_UNUSUAL, "its unit of length");
    }
    return SG_OK;
}

/* A point of the page as shown, counted from the lower left corner, in page units. */
static void turn(const struct pdf_view *view, double x, double y, double *out)
{
    double width = view->right - view->left;
    double height = view->top - view->bottom;

    switch (view->rotate) {
    case 90:
        out[0] = width - y;
        out[1] = x;
        break;
    case 180:
        out[0] = width - x;
        out[1] = height - y;
        break;
    case 270:
        out[0] = y;
        out[1] = height - x;
        break;
    default:
        out[0] = x;
        out[1] = y;
    }
    out[0] += view->left;
    out[1] += view->bottom;
}

bool pdf_view_place(const struct pdf_view *view, const struct pdf_rect *rect,
                    double box[4])
{
    const double slack = 0.01;
    bool finite = isfinite(rect->x) && isfinite(rect->y) && isfinite(rect->width) &&
                  isfinite(rect->height);
    if (!finite || rect->width < 1 || rect->height < 1) {
        return false;
    }
    turn(view, rect->x / view->unit, rect->y / view->unit, box);
    turn(view, (rect->x + rect->width) / view->unit,
         (rect->y + rect->height) / view->unit, box + 2);
    order(&box[0], &box[2]);
    order(&box[1], &box[3]);
    return box[0] >= view->left - slack && box[1] >= view->bottom - slack &&
           box[2] <= view->right + slack && box[3] <= view->top + slack;
}
