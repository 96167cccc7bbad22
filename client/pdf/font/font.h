#ifndef SEGEL_CLIENT_PDF_FONT_FONT_H
#define SEGEL_CLIENT_PDF_FONT_FONT_H

#include "proto/base.h"
#include "proto/slice.h"

/* A TrueType font (ISO/IEC 14496-22) as far as a stamp needs it: which glyph a character
 * has, how wide it is, its outline. Everything is looked up in the font's bytes, which
 * must outlive it; nothing is trusted that they say of themselves. */

enum pdf_face {
#define PDF_FACE(name, word, file, postscript) PDF_FACE_##name,
#include "client/pdf/font/faces.def"
#undef PDF_FACE
    PDF_FACES
};

struct pdf_font {
    struct slice head, hhea, maxp, hmtx, loca, glyf;
    struct slice cmap; /* its subtable of format 4: characters up to U+FFFF */
    bool long_offsets; /* of loca */
    unsigned units;    /* of the em square */
    unsigned glyph_count;
    unsigned metric_count; /* glyphs from there on are as wide as the last one */
};

/* false: not such a font, or cut off. */
SG_MUST_USE bool pdf_font_open(struct slice file, struct pdf_font *out);
/* 0: the font has no glyph for the character. */
unsigned pdf_font_glyph(const struct pdf_font *font, uint32_t code);
/* In units of the font. */
unsigned pdf_font_advance(const struct pdf_font *font, unsigned glyph);
int pdf_font_bearing(const struct pdf_font *font, unsigned glyph);
/* Empty for a blank. false: the font is damaged there. */
SG_MUST_USE bool pdf_font_outline(const struct pdf_font *font, unsigned glyph,
                                  struct slice *out);

/* The fonts inside of the program, byte for byte those of their package. */
struct slice pdf_face_file(enum pdf_face face);
const char *pdf_face_name(enum pdf_face face); /* PostScript name */

/* Numbers of a font are big-endian; the caller has seen to the length. */
static inline unsigned pdf_font_u16(struct slice bytes, size_t at)
{
    return (unsigned)bytes.data[at] << 8 | bytes.data[at + 1];
}
static inline int pdf_font_i16(struct slice bytes, size_t at)
{
    return (int16_t)pdf_font_u16(bytes, at);
}

#endif
