#ifndef SEGEL_CLIENT_VERIFY_SCOPE_H
#define SEGEL_CLIENT_VERIFY_SCOPE_H

#include <openssl/x509.h>
#include <stdbool.h>

#include "proto/base.h"

/* Whether a list of revoked certificates speaks of this one: its issuing distribution
 * point (RFC 5280 sections 5.2.5 and 6.3.3 (b)). An authority that parts its list into
 * several says so there, and one part is silent about what belongs to another: it must
 * name a place that the certificate names. Indirect lists, and those for some reasons
 * only, prove nothing. */
bool verify_crl_is_about(X509_CRL *crl, X509 *certificate);

#endif
