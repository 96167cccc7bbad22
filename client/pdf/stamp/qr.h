#ifndef SEGEL_CLIENT_PDF_STAMP_QR_H
#define SEGEL_CLIENT_PDF_STAMP_QR_H

#include "client/pdf/buffer.h"

/* Draws a QR code (level M) with its quiet zone as filled rectangles into the square at
 * (x, y), in a colour space of one component that is set already. SG_TOO_LARGE: too much
 * text for any code, or its modules would be too small to be read from paper.
 * SG_NO_MEMORY. */
SG_MUST_USE enum sg_status pdf_qr_draw(struct pdf_buffer *out, const char *text, double x,
                                       double y, double side);

#endif
