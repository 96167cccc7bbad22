#ifndef SEGEL_CLIENT_PDF_PLACE_H
#define SEGEL_CLIENT_PDF_PLACE_H

#include "client/pdf/page.h"

/* Where a signature goes: a new field on a page, or an empty one of the letter. */
struct pdf_place {
    struct pdf_page page; /* of a new field */
    int number;           /* a new field is "Signature<number>" */
    qpdf_oh field;        /* the letter's own */
    qpdf_oh widget;       /* the letter's own; may be the field itself */
    long long print; /* its /F with Print, where it shows on screens alone; 0: as it is */
    bool existing;
    bool visible;
    struct pdf_view view; /* of the page, when visible */
    double box[4];        /* /Rect: left, bottom, right, top in page units */
};

SG_MUST_USE enum sg_status pdf_place_choose(const struct pdf_reader *reader,
                                            const struct pdf_wish *wish,
                                            struct pdf_place *place,
                                            struct pdf_verdict *verdict);

#endif
