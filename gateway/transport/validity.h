#ifndef SEGEL_GATEWAY_TRANSPORT_VALIDITY_H
#define SEGEL_GATEWAY_TRANSPORT_VALIDITY_H

#include <openssl/x509.h>

#include "proto/base.h"

/* What handshakes are judged by, and how long it is good for: outside of that no client
 * gets in, whatever its own certificate. Pure: no clock is read. */
enum { VALIDITY_ISSUER_SIZE = 160, VALIDITY_NAME_SIZE = 65, VALIDITY_ENDS_MAX = 16 };
enum validity_part {
    VALIDITY_CERTIFICATE, /* the gateway's own: notBefore, notAfter */
    VALIDITY_ISSUERS,     /* tls.client_ca: the anchor that begins first, the last end */
    VALIDITY_LISTS,       /* tls.client_crl: the first issuer whose lists are over */
    VALIDITY_PARTS
};
struct validity_end {
    char name[VALIDITY_NAME_SIZE];
    int64_t until_us; /* INT64_MAX: it cannot be read */
};
struct validity {
    struct {
        int64_t from_us;  /* INT64_MIN: since ever */
        int64_t until_us; /* INT64_MAX: for ever, or there is none */
    } parts[VALIDITY_PARTS];
    char issuer[VALIDITY_ISSUER_SIZE]; /* whose lists they are */
    int64_t lists_until_us; /* as above, also of issuers by whom nobody need be judged */
    struct validity_end
        ends[VALIDITY_ENDS_MAX]; /* of tls.client_ca, those that end first */
    size_t end_count;
    int64_t served_until_us; /* the first end of the issuers that are sent along with the
                              * gateway's own; INT64_MAX: there are none */
    bool tls12;              /* TLS 1.2 is spoken, too */
    bool lists;              /* revocation lists are looked at */
};

/* Unix microseconds; otherwise when it cannot be read. */
int64_t validity_time_us(const ASN1_TIME *time, int64_t otherwise);
/* The first end of a chain; NULL, or nothing that can be read: INT64_MAX. */
int64_t validity_chain_end_us(const STACK_OF(X509) * chain);
/* Nothing that could end. */
void validity_init(struct validity *out);
/* SG_INVALID: it is not good now; why says since when, and what to do. */
SG_MUST_USE enum sg_status validity_check(const struct validity *validity,
                                          enum validity_part part, int64_t now_us,
                                          struct sg_error *why);
/* Unix microseconds of its end, 0 = it has none. */
int64_t validity_end_us(const struct validity *validity, enum validity_part part);

#endif
