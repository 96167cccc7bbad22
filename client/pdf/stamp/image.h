#ifndef SEGEL_CLIENT_PDF_STAMP_IMAGE_H
#define SEGEL_CLIENT_PDF_STAMP_IMAGE_H

#include "client/pdf/append.h"

/* A picture of a stamp, read once and ready to be written into every letter. What
 * was transparent stands on white, as PDF/A-1 knows no transparency. */
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

/* Appends the picture's object and says its number. colour: object of the profile, grey
 * or not as the picture is (pdf_colour_append). */
int pdf_image_append(const struct pdf_image *image, int colour,
                     struct pdf_append *append);

#endif
