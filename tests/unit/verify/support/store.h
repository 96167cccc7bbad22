#ifndef SEGEL_TESTS_UNIT_VERIFY_SUPPORT_STORE_H
#define SEGEL_TESTS_UNIT_VERIFY_SUPPORT_STORE_H

#include "tests/unit/verify/support/authority.h"

/* Later revisions of a letter by pdf_signed, whole files to be freed. */

/* With a DSS: all certificates, and lists of both CAs made at this_s. */
struct slice store_add(struct slice pdf, const struct authority *authority,
                       int64_t this_s);
/* With a DSS of these statements alone. */
struct slice store_put(struct slice pdf, const struct slice *crls, size_t count,
                       struct slice ocsp);
/* With a time-stamp of the document, in a field named "cap". */
struct slice store_stamp(struct slice pdf, const struct authority *authority);
/* With another one behind that, in "cap2". */
struct slice store_stamp_again(struct slice pdf, const struct authority *authority);

#endif
