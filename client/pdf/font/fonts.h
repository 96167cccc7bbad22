#ifndef SEGEL_CLIENT_PDF_FONT_FONTS_H
#define SEGEL_CLIENT_PDF_FONT_FONTS_H

#include "client/pdf/append.h"
#include "client/pdf/font/charset.h"
#include "client/pdf/font/font.h"

/* The shipped fonts, cut to the characters of the stamps of a run and ready to be
 * embedded: TrueType as a CID font with a ToUnicode map, so that words can be copied out
 * of the letter, and with what PDF/A asks for (widths, CIDSet). Not changed once made. */
struct pdf_fonts;

/* A share of fonts that hold at least these characters of each face, as far as the faces
 * have them; the caller gives it back. They depend on these characters alone, and are
 * kept for the next letters that want the same. Any thread. SG_TOO_LARGE: more characters
 * than a stamp can have. SG_NO_MEMORY, SG_INTERNAL: the shipped font is damaged. */
SG_MUST_USE enum sg_status pdf_fonts_take(const struct pdf_charset wanted[PDF_FACES],
                                          struct pdf_fonts **out);
void pdf_fonts_give(struct pdf_fonts **fonts); /* *fonts may be NULL */

/* For who hands them to a reader that may have begun before them (guard.h). */
uint64_t pdf_fonts_serial(const struct pdf_fonts *fonts);

/* A character of a stamp. */
struct pdf_glyph {
    uint16_t number; /* in the embedded font */
    uint16_t width;  /* thousandths of the font size */
};
/* false: the face lacks it. */
SG_MUST_USE bool pdf_fonts_glyph(const struct pdf_fonts *fonts, enum pdf_face face,
                                 uint32_t code, struct pdf_glyph *out);

/* Appends the objects of each face that is used, and says the numbers of their font
 * dictionaries; 0 = the face is not used. */
void pdf_fonts_append(const struct pdf_fonts *fonts, const bool used[PDF_FACES],
                      struct pdf_append *append, int numbers[PDF_FACES]);

#endif
