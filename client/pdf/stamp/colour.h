#ifndef SEGEL_CLIENT_PDF_STAMP_COLOUR_H
#define SEGEL_CLIENT_PDF_STAMP_COLOUR_H

#include "client/pdf/append.h"

/* Colours of a stamp, by an ICC profile of its own: PDF/A takes those whatever output the
 * letter was made for, where plain grey or RGB would need one that fits. */

/* Appends the profile, a display of gamma 2.2 with sRGB's primaries when it is not grey,
 * and says its object's number. */
int pdf_colour_append(bool grey, struct pdf_append *append);

#endif
