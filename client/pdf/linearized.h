#ifndef SEGEL_CLIENT_PDF_LINEARIZED_H
#define SEGEL_CLIENT_PDF_LINEARIZED_H

#include "proto/base.h"
#include "proto/slice.h"

/* A file whose first object says that it is linearized, and how long it is (ISO 32000-2
 * annex F): where the length is true, viewers begin with the cross-references behind that
 * object, and not with those that the end of the file names. */

/* Do both ways lead to the same section? Also of a file that is not linearized, or no
 * longer, because something was appended. section: what the end names; lenient: comments
 * may stand before it, which some viewers do not pass over. */
SG_MUST_USE bool linearized_is_plain(struct slice pdf, size_t section, bool lenient);

#endif
