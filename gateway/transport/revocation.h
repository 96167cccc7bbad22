#ifndef SEGEL_GATEWAY_TRANSPORT_REVOCATION_H
#define SEGEL_GATEWAY_TRANSPORT_REVOCATION_H

#include <openssl/x509_vfy.h>

#include "gateway/transport/validity.h"

/* The revocation lists of clients' issuers (RFC 5280 section 5): read from a PEM file
 * into the store that holds those issuers, which from then on lets no client in whose
 * issuer has no current list. Old lists are taken: they shut clients out, and
 * validity_check says so. SG_INVALID: the file holds no lists, or a delta list, or none
 * of an issuer that may have clients; why names it. An issuer of other issuers in the
 * store needs none. */
SG_MUST_USE enum sg_status revocation_load(X509_STORE *store, const char *path,
                                           struct sg_error *why);
/* Of all issuers whose lists clients are looked up in, the one whose newest list ends
 * first. Nothing is written where there are no lists. */
void revocation_validity(X509_STORE *store, struct validity *out);
/* Whether this error of OpenSSL (X509_V_ERR_…) is about the date of a list. */
bool revocation_is_over(int error);

#endif
