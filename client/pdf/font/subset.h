#ifndef SEGEL_CLIENT_PDF_FONT_SUBSET_H
#define SEGEL_CLIENT_PDF_FONT_SUBSET_H

#include "client/pdf/buffer.h"
#include "client/pdf/font/font.h"

/* A font of only some glyphs, numbered anew from 0, as PDF embeds it: glyf, head, hhea,
 * hmtx, loca, maxp (ISO 32000-1 9.9), without instructions, which no printer needs. */

enum { PDF_GLYPHS_MAX = 1024 };

struct pdf_glyphs {
    uint16_t at[PDF_GLYPHS_MAX]; /* number in the whole font; the place is the new one */
    size_t count;
};

/* The new number of a glyph, which is added when it is not among them. false: full. */
SG_MUST_USE bool pdf_glyphs_add(struct pdf_glyphs *glyphs, unsigned glyph,
                                unsigned *number);
/* Writes the font. The first glyph should be 0, what is shown for a missing one; parts of
 * composed glyphs are added to the others. SG_INVALID: the font is damaged.
 * SG_TOO_LARGE. */
SG_MUST_USE enum sg_status pdf_subset_put(const struct pdf_font *font,
                                          struct pdf_glyphs *glyphs,
                                          struct pdf_buffer *out);

#endif
