#ifndef SEGEL_GATEWAY_TRANSPORT_REVOCATION_H
#define SEGEL_GATEWAY_TRANSPORT_REVOCATION_H

#include <openssl/x509_vfy.h>

#include "proto/base.h"

/* The revocation lists of clients' issuers (RFC 5280 section 5): read from a PEM file
 * into the store that holds those issuers, which from then on lets no client in whose
 * issuer has no current list. Old lists are taken: they shut clients out, and the log
 * says so. SG_INVALID: the file holds no lists, or a delta list, or none of an issuer
 * that may have clients; why names it. An issuer of other issuers in the store needs
 * none. */
SG_MUST_USE enum sg_status revocation_load(X509_STORE *store, const char *path,
                                           struct sg_error *why);

#endif
