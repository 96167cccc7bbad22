#ifndef SEGEL_CLIENT_PDF_STAMP_STAMP_H
#define SEGEL_CLIENT_PDF_STAMP_STAMP_H

#include "client/pdf/append.h"
#include "client/pdf/font/fonts.h"
#include "client/pdf/refuse.h"

/* The visible part of a signature: a form XObject as the wish's look draws it, in an
 * embedded font, with ICC colours and without transparency, so that a letter that is
 * PDF/A stays one. */
struct pdf_stamp {
    double width; /* as shown, in points */
    double height;
    int rotate; /* of the page: the stamp turns back, so that it stands upright */
    const struct pdf_wish *wish;
    const struct pdf_fonts *fonts; /* with the characters that pdf_stamp_wants says */
};

/* The characters of the wish's stamp. */
void pdf_stamp_wants(const struct pdf_wish *wish, struct pdf_charset sets[PDF_FACES]);

/* May the stamp say what it would? Values that are harmless one by one may word another
 * statement where the template puts them behind each other. Refuses with PDF_STATEMENT or
 * PDF_TEXT. */
SG_MUST_USE enum sg_status pdf_stamp_check(const struct pdf_wish *wish,
                                           struct pdf_verdict *verdict);

/* Appends the stamp under that number, fonts and pictures before it. Refuses with
 * PDF_TEXT or PDF_STAMP_FIT. Uses neither streams nor threads. */
SG_MUST_USE enum sg_status pdf_stamp_append(const struct pdf_stamp *stamp, int number,
                                            struct pdf_append *append,
                                            struct pdf_verdict *verdict);

#endif
