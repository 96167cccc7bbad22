#ifndef SEGEL_CLIENT_PDF_STAMP_INSIDE_H
#define SEGEL_CLIENT_PDF_STAMP_INSIDE_H

#include "client/pdf/look.h"
#include "client/pdf/stamp/paragraph.h"
#include "client/pdf/stamp/stamp.h"

/* Inside of the stamp: stamp.c writes its objects, boxes.c draws a template,
 * auto.c what fits a rectangle without one, words.c fills in the values. */

enum { STAMP_WORDS_MAX = 1024 };

/* What is drawn, and what of the resources that takes. */
struct canvas {
    const struct pdf_stamp *stamp; /* borrowed */
    struct pdf_verdict *verdict;   /* borrowed */
    struct pdf_buffer out;         /* owned */
    bool face_used[PDF_FACES];
    bool logo_used;
    bool agency_logo_used;
};

/* A template's line with its values. *shown false: it is left out. false: too long,
 * and cut. */
bool stamp_words(const struct pdf_wish *wish, const char *line, char out[STAMP_WORDS_MAX],
                 bool *shown);

/* Draws texts; those that are NULL or "" are left out. Refuses with PDF_TEXT when the
 * font lacks a character, PDF_STAMP_FIT with the name of what does not fit. */
SG_MUST_USE enum sg_status stamp_texts(struct canvas *canvas,
                                       const struct pdf_setting *setting,
                                       const char *const texts[], size_t count,
                                       const char *what);
SG_MUST_USE enum sg_status stamp_qr(struct canvas *canvas, const struct pdf_area *area);
/* name: of the resource, L or A. */
struct picture {
    const struct pdf_image *image;
    const char *name;
    enum pdf_align align, upright;
};
void stamp_image(struct canvas *canvas, const struct picture *picture,
                 const struct pdf_area *area);
void stamp_frame(struct canvas *canvas, const struct pdf_area *area, double width);

SG_MUST_USE enum sg_status stamp_draw_boxes(struct canvas *canvas);
SG_MUST_USE enum sg_status stamp_draw_auto(struct canvas *canvas);
void stamp_wants_boxes(const struct pdf_wish *wish, struct pdf_charset sets[PDF_FACES]);
void stamp_wants_auto(const struct pdf_wish *wish, struct pdf_charset sets[PDF_FACES]);

#endif
