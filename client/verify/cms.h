#ifndef SEGEL_CLIENT_VERIFY_CMS_H
#define SEGEL_CLIENT_VERIFY_CMS_H

#include <openssl/cms.h>

void cms_free(CMS_ContentInfo **cms); /* for AUTO */

/* The only signer; its certificate is among these, or in the CMS where they are NULL.
 * Borrowed from the CMS. NULL: there is no such. */
CMS_SignerInfo *cms_only_signer(CMS_ContentInfo *cms, STACK_OF(X509) * certificates);

#endif
