#ifndef SEGEL_GATEWAY_STATUS_EVIDENCE_H
#define SEGEL_GATEWAY_STATUS_EVIDENCE_H

#include <openssl/x509.h>

#include "gateway/status/cell.h"
#include "proto/base.h"
#include "proto/slice.h"

/* What a CRL (RFC 5280) or an OCSP answer (RFC 6960) proves of one certificate. Both come
 * from the network and are believed only after OpenSSL verified them; nothing here waits
 * or keeps state. */

/* One certificate and who issued it; all borrowed. */
struct status_link {
    X509 *subject;
    X509 *issuer;
    STACK_OF(X509) * untrusted; /* issuers between subject and anchor */
    X509_STORE *anchors;
};

struct status_finding {
    bool revoked;
    bool suspended; /* certificateHold */
    int64_t this_update_us;
    int64_t next_update_us;
    uint8_t number[STATUS_NUMBER_MAX]; /* cRLNumber, big-endian, right-aligned; OCSP: 0 */
};

/* SG_INVALID: it is not to be believed, and why says what is wrong with it. An old one is
 * believed: its age is for the policy to judge. now_us: the time of the judgement. */
SG_MUST_USE enum sg_status evidence_crl(const struct status_link *link, struct slice der,
                                        int64_t now_us, struct status_finding *out,
                                        struct sg_error *why);

/* question: DER of what was asked, whose nonce the answer must not contradict; empty for
 * an answer that was kept, and for a CRL. One that was kept and tells of a revocation or
 * a hold is believed though its responder's certificate is over by now. */
struct statement {
    struct slice question;
    struct slice der;
    struct slice list; /* of an answer: the issuer's CRL that is held; empty = none */
};
SG_MUST_USE enum sg_status evidence_ocsp(const struct status_link *link,
                                         const struct statement *statement,
                                         int64_t now_us, struct status_finding *out,
                                         struct sg_error *why);

/* Whether the list revokes who signed an answer that was believed before it came. */
bool evidence_by_revoked(const struct status_link *link,
                         const struct statement *statement, int64_t this_update_us);

/* DER of a question with a fresh nonce; freed with OPENSSL_free. */
SG_MUST_USE enum sg_status evidence_ask(const struct status_link *link, uint8_t **out,
                                        size_t *len);

/* Whether one may take the other's place: neither number nor time goes back, and no
 * revocation is undone (RFC 5280 5.3.1: only a hold can be). So one that is told first by
 * an older statement loses nothing by its age: a responder's nodes are not in step. */
bool evidence_follows(const struct status_finding *held,
                      const struct status_finding *next);

/* Seconds that clocks may differ. */
enum { STATUS_SKEW_S = 300 };
/* Shared by both: ASN1_TIME as microseconds; false when it is none. */
bool evidence_time(const ASN1_TIME *time, int64_t *out_us);
/* Time, strength and depth of a path. */
void evidence_set_time(X509_VERIFY_PARAM *param, int64_t now_us);
/* SHA-1 and MD5 prove nothing any more, by whatever padding. */
bool evidence_algorithm_ok(const X509_ALGOR *algorithm);
SG_MUST_USE enum sg_status evidence_dates(const struct status_finding *finding,
                                          int64_t now_us, struct sg_error *why);

#endif
