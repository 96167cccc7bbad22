#ifndef SEGEL_CLIENT_PDF_WISH_H
#define SEGEL_CLIENT_PDF_WISH_H

#include "client/pdf/refuse.h"

/* Are the texts of a wish printable, not too long, and none of them another statement
 * than the policy's? Refuses with PDF_TEXT or PDF_STATEMENT. */
SG_MUST_USE enum sg_status pdf_wish_check(const struct pdf_wish *wish,
                                          struct pdf_verdict *verdict);

#endif
