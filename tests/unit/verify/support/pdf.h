#ifndef SEGEL_TESTS_UNIT_VERIFY_SUPPORT_PDF_H
#define SEGEL_TESTS_UNIT_VERIFY_SUPPORT_PDF_H

#include "tests/unit/verify/support/maker.h"

/* A PDF of one empty page. */
struct slice pdf_page(void);
/* The PDF with one more signature by maker's certificate; whole file, to be freed. */
struct slice pdf_signed(struct slice pdf, struct maker maker);
/* Likewise, in an empty field of the PDF. */
struct slice pdf_signed_in(struct slice pdf, const char *field, struct maker maker);
/* The PDF with text appended; to be freed. */
struct slice pdf_longer(struct slice pdf, const char *text);

#endif
