#ifndef SEGEL_TESTS_UNIT_VERIFY_SUPPORT_CERTIFIED_H
#define SEGEL_TESTS_UNIT_VERIFY_SUPPORT_CERTIFIED_H

#include "tests/unit/verify/support/maker.h"

/* A form that its author certified: a text field "nama" that lies over the whole page,
 * the author's signature in "penyusun", and an empty field "ttd" for whoever comes next.
 * Whole files, to be freed. */
enum { CERTIFIED_PAGE = 3, CERTIFIED_FORM, CERTIFIED_TEXT, CERTIFIED_VALUE = 8 };

/* DocMDP level 2, by maker's certificate. */
struct slice certified_letter(struct maker maker);
/* Likewise, by a time-stamp. */
struct slice certified_by_stamp(const struct authority *authority);
/* The catalog says the same, and nobody signed. */
struct slice certified_by_nobody(void);
/* The PDF with a revision in which the text field has another value and another picture.
 */
struct slice certified_filled(struct slice pdf);

#endif
