#ifndef SEGEL_CLIENT_PDF_STAMP_PARAGRAPH_H
#define SEGEL_CLIENT_PDF_STAMP_PARAGRAPH_H

#include "client/pdf/font/fonts.h"
#include "client/pdf/stamp/template.h"

/* Setting a few paragraphs into a rectangle, in lines that break at blanks. */

enum { PDF_PARAGRAPH_MAX = 1100 };

/* A text as glyphs of one face. */
struct pdf_paragraph {
    struct pdf_glyph glyphs[PDF_PARAGRAPH_MAX];
    bool blank[PDF_PARAGRAPH_MAX];
    size_t count;
};
/* From UTF-8. false: *missing is the first character that the face lacks; 0 = the text is
 * too long. */
SG_MUST_USE bool pdf_paragraph_of(const struct pdf_fonts *fonts, enum pdf_face face,
                                  const char *text, struct pdf_paragraph *out,
                                  uint32_t *missing);

struct pdf_setting {
    struct pdf_area area;
    enum pdf_face face;       /* font /F0, /F1 … of the stamp's resources */
    double largest, smallest; /* points, in steps of a half */
    enum pdf_align align, upright;
};

/* Writes text operators in the largest size that fits. false: not even the smallest does,
 * and nothing was written. */
SG_MUST_USE bool pdf_paragraphs_put(const struct pdf_setting *setting,
                                    const struct pdf_paragraph *texts, size_t count,
                                    struct pdf_buffer *out);

#endif
