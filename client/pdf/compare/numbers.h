#ifndef SEGEL_CLIENT_PDF_COMPARE_NUMBERS_H
#define SEGEL_CLIENT_PDF_COMPARE_NUMBERS_H

#include "proto/base.h"
#include "proto/slice.h"

/* Programs that sign write a page anew when they list their widget on it, and then some
 * write its numbers in their own way: "0.000" as "0.0" or "0". */

/* Are both texts of the parser the same, but for how reals of one value are written?
 * mixed: an integer may stand for a real, too; so it is in rectangles, where everybody
 * takes either. */
bool numbers_say_the_same(struct slice before, struct slice after, bool mixed);

#endif
