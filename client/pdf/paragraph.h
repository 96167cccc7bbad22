#ifndef SEGEL_CLIENT_PDF_PARAGRAPH_H
#define SEGEL_CLIENT_PDF_PARAGRAPH_H

#include "client/pdf/buffer.h"

/* Setting a few paragraphs of WinAnsi text into a rectangle. */
struct pdf_area {
    double x, y, width, height;
};

/* Writes text operators with font /F1 in the largest size that fits, 9 down to 4 points.
 * false: not even the smallest fits, and nothing was written. */
bool pdf_paragraphs_put(const struct slice *texts, size_t count,
                        const struct pdf_area *area, struct pdf_buffer *out);

#endif
