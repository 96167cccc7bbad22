#ifndef SEGEL_CLIENT_PDF_IMAGE_H
#define SEGEL_CLIENT_PDF_IMAGE_H

#include "client/pdf/append.h"

/* A picture of a stamp, read once and ready to be written into every letter. Its colours
 * are grey or RGB by CIE measures, which PDF/A takes whatever the letter's own output is
 * made for; what was transparent stands on white, as PDF/A-1 knows no transparency. */
struct pdf_image {
    int width; /* pixels; 0 = there is no picture */
    int height;
    bool grey;
    struct pdf_buffer pixels; /* owned, deflated; three bytes a pixel, one when grey */
};

/* A logo is small: what is larger is refused before it is unpacked. */
enum { PDF_IMAGE_FILE_MAX = 65536, PDF_IMAGE_SIDE_MAX = 2048, PDF_IMAGE_MAX = 2000000 };

/* A PNG file of any colour type. SG_INVALID, SG_TOO_LARGE, SG_NO_MEMORY; why says what to
 * do. what names the picture in it. */
SG_MUST_USE enum sg_status pdf_image_read(struct slice png, const char *what,
                                          struct pdf_image *out, struct sg_error *why);
void pdf_image_fini(struct pdf_image *image);

/* Appends the picture's object and says its number. */
int pdf_image_append(const struct pdf_image *image, struct pdf_append *append);

/* A colour space of PDF: grey with the brightness of ordinary screens. */
#define PDF_GREY "[/CalGray << /WhitePoint [0.9505 1 1.089] /Gamma 2.2 >>]"

#endif
