#ifndef SEGEL_CLIENT_OFFICER_HALVES_H
#define SEGEL_CLIENT_OFFICER_HALVES_H

#include "client/officer/passphrase.h"

/* A PIN that two persons know half of each: HKDF-SHA256 (RFC 5869) of both halves, the
 * token's label in its info, as 16 characters of Crockford's base32 (80 bits). One half
 * says nothing of the PIN, and the same halves give each token another one. */
enum { HALVES_PIN_LEN = 16 };

/* The order counts. SG_INTERNAL: OpenSSL failed. */
SG_MUST_USE enum sg_status halves_join(const struct passphrase *first,
                                       const struct passphrase *second, const char *token,
                                       struct passphrase *pin);

#endif
