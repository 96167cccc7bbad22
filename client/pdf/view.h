#ifndef SEGEL_CLIENT_PDF_VIEW_H
#define SEGEL_CLIENT_PDF_VIEW_H

#include "client/pdf/reader.h"

/* How a page is shown: which part of its coordinates, turned how, how large a unit. */
struct pdf_view {
    double left, bottom, right, top; /* visible box in the page's own units */
    double unit;                     /* points per unit (/UserUnit) */
    int rotate;                      /* 0, 90, 180, 270 clockwise */
};

/* Refuses with PDF_PAGE_UNUSUAL. */
SG_MUST_USE enum sg_status pdf_page_view(const struct pdf_reader *reader, qpdf_oh page,
                                         struct pdf_view *view,
                                         struct pdf_verdict *verdict);

/* Four numbers of an array, in ascending order by axis: left, bottom, right, top. */
bool pdf_page_box(const struct pdf_reader *reader, qpdf_oh array, double box[4]);

/* From points on the page as shown to the page's own units: box gets left, bottom,
 * right, top. false: the rectangle is empty or not on the page. */
bool pdf_view_place(const struct pdf_view *view, const struct pdf_rect *rect,
                    double box[4]);

#endif
