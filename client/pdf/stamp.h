#ifndef SEGEL_CLIENT_PDF_STAMP_H
#define SEGEL_CLIENT_PDF_STAMP_H

#include "client/pdf/buffer.h"
#include "client/pdf/refuse.h"

/* The visible part of a signature: a form XObject with the lines of the wish in Helvetica
 * and, if wished, a QR code to the left of them (above them in an upright rectangle). */
struct pdf_stamp {
    double width; /* as shown, in points */
    double height;
    int rotate; /* of the page: the stamp turns back, so that it stands upright */
    const struct pdf_wish *wish;
};

/* Writes dictionary and stream, without "obj". Refuses with PDF_TEXT or PDF_STAMP_FIT. */
SG_MUST_USE enum sg_status pdf_stamp_put(const struct pdf_stamp *stamp,
                                         struct pdf_buffer *out,
                                         struct pdf_verdict *verdict);

#endif
