#ifndef SEGEL_CLIENT_COMMANDS_EXTEND_LOSS_H
#define SEGEL_CLIENT_COMMANDS_EXTEND_LOSS_H

#include <openssl/pkcs7.h>

#include "client/pdf/pdf.h"

/* What is added to a letter may say that an authority which stamped it was revoked. */

/* Whether it may say so of a certificate that the time stamp brings along. Cheap: no
 * list is decoded, and it may be wrong in saying yes. */
bool extend_is_named(const struct pdf_dss *added, PKCS7 *token);

/* Whether a signature that is valid, or whose time is proven, by the chains that are
 * added would be so no more. at_us: as of when; 0 = now. */
bool extend_loses(struct slice pdf, const struct pdf_dss *added, int64_t at_us);

#endif
