#ifndef SEGEL_CLIENT_PDF_ORDER_H
#define SEGEL_CLIENT_PDF_ORDER_H

#include "client/pdf/build.h"

/* Has the letter read and its appendix built, in another process (guard.h): a small
 * letter in one that is there already, any other in one of its own. */
SG_MUST_USE enum sg_status pdf_order_run(const struct pdf_order *order,
                                         struct pdf_buffer *answer,
                                         struct pdf_verdict *verdict);

#endif
