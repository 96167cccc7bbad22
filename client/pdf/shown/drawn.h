#ifndef SEGEL_CLIENT_PDF_SHOWN_DRAWN_H
#define SEGEL_CLIENT_PDF_SHOWN_DRAWN_H

#include "client/pdf/shown/glyphs.h"

/* What content streams draw: their text, in the order in which it is drawn, and their
 * pictures, with those of the forms in them. Not looked at: colours, sizes, what covers
 * what, and optional content. In the process that reads. */
enum {
    PDF_DRAWN_TEXT_MAX = 1 << 20,  /* bytes; what is beyond is not kept, `cut` says it */
    PDF_DRAWN_BYTES_MAX = 1 << 26, /* of content, all streams together; likewise */
    PDF_DRAWN_DEPTH_MAX = 8,       /* forms in forms */
    PDF_DRAWN_FORMS_MAX = 512,
    PDF_DRAWN_FONTS = 16
};

/* A picture as it stands in a letter when it is unpacked. */
struct pdf_picture {
    int width, height;    /* 0 = none */
    struct slice samples; /* borrowed */
};

struct pdf_drawn {
    const struct pdf_reader *reader;  /* borrowed */
    const struct pdf_picture *wanted; /* borrowed; NULL = none */
    struct pdf_buffer text;           /* owned; UTF-8; words parted by blanks */
    size_t unknown;                   /* codes whose characters are not known */
    size_t pictures;
    bool has_wanted; /* one of them is the picture that is wanted */
    bool cut;
    size_t forms;
    size_t bytes;
    struct pdf_drawn_font {
        int object;    /* 0 = free, or of no number */
        size_t serial; /* of what it holds */
        struct pdf_glyphs glyphs;
    } fonts[PDF_DRAWN_FONTS]; /* owned */
    size_t next_font;
    size_t font_serial; /* drawn last */
};
void pdf_drawn_fini(struct pdf_drawn *drawn);
/* For the next text: fonts and budgets stay. */
void pdf_drawn_forget(struct pdf_drawn *drawn);

/* A form, such as the appearance of a field. */
void pdf_draw_form(struct pdf_drawn *drawn, qpdf_oh form);
/* A page's own content, without its annotations. */
void pdf_draw_page(struct pdf_drawn *drawn, qpdf_oh page);

#endif
