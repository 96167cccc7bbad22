#ifndef SEGEL_CLIENT_PDF_SHOWN_GLYPHS_H
#define SEGEL_CLIENT_PDF_SHOWN_GLYPHS_H

#include "client/pdf/buffer.h"
#include "client/pdf/reader.h"
#include "client/pdf/shown/token.h"

/* Which characters the codes of a font stand for: by its ToUnicode map, else, of a font
 * with codes of one byte, by its encoding as far as that is the usual one. What is said
 * is what searching and copying would find; what the glyphs look like is not looked at.
 * In the process that reads. */
enum {
    PDF_GLYPH_UNITS = 4,             /* UTF-16 of one code: ligatures */
    PDF_GLYPHS_CODES = 1 << 16,      /* codes of two bytes */
    PDF_GLYPHS_WRITTEN_MAX = 1 << 20 /* by one map; the rest is passed over */
};
struct pdf_glyphs {
    uint16_t (*units)[PDF_GLYPH_UNITS]; /* owned; by code; first 0 = not known */
    bool wide;                          /* codes of two bytes */
    size_t written;
};

/* The zero state is a font of which nothing is known. */
void pdf_glyphs_read(const struct pdf_reader *reader, qpdf_oh font,
                     struct pdf_tokens *tokens, struct pdf_glyphs *out);
/* Adds the string's characters in UTF-8; returns how many of its codes stand for none
 * that is known. */
size_t pdf_glyphs_put(const struct pdf_glyphs *glyphs, struct slice string,
                      struct pdf_buffer *out);
void pdf_glyphs_fini(struct pdf_glyphs *glyphs);

#endif
