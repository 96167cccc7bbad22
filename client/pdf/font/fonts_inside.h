#ifndef SEGEL_CLIENT_PDF_FONT_FONTS_INSIDE_H
#define SEGEL_CLIENT_PDF_FONT_FONTS_INSIDE_H

#include "client/pdf/font/fonts.h"

/* Inside of the fonts: fonts.c makes them, fonts_keep.c keeps the newest, fonts_put.c
 * writes them into a letter. */

/* More characters than a stamp has. */
enum { FONTS_CHARS_MAX = 512, FONTS_TAG_LEN = 6 };

struct face {
    size_t count;
    uint16_t codes[FONTS_CHARS_MAX]; /* rising */
    struct pdf_glyph glyphs[FONTS_CHARS_MAX];
    size_t glyph_count;
    int metrics[7];         /* as the descriptor names them */
    struct pdf_buffer file; /* owned, deflated; likewise below */
    size_t file_len;        /* before that */
    struct pdf_buffer unicode;
    struct pdf_buffer widths;
    char tag[FONTS_TAG_LEN +
             1]; /* PDF wants a subset's name to begin with its own six letters */
};

struct pdf_fonts {
    unsigned shares; /* under the lock */
    uint64_t serial; /* as pdf_guard_serial gave it when all of this was there */
    struct pdf_charset wanted[PDF_FACES];
    struct face faces[PDF_FACES];
};

/* *out starts with one share. SG_TOO_LARGE: too many characters. */
SG_MUST_USE enum sg_status fonts_make(const struct pdf_charset wanted[PDF_FACES],
                                      struct pdf_fonts **out);
void fonts_free(struct pdf_fonts **fonts);

#endif
