#ifndef SEGEL_GATEWAY_CERT_INSIDE_H
#define SEGEL_GATEWAY_CERT_INSIDE_H

#include "gateway/cert/cert.h"
#include "gateway/policy/pool.h"

/* Inside of the certificate module. */
struct cert {
    X509 *chain[CERT_CHAIN_MAX]; /* owned; the signer's first */
    size_t chain_count;
    STACK_OF(X509) * issuers; /* owned: what the chain is looked for in, untrusted */
    STACK_OF(X509) * anchors; /* owned */
    struct pool pool;         /* owned: what the facts point to */
    struct facts facts;       /* cert.* of phase KEY, and key.* of the public key */
    struct slice spki;        /* in the pool */
};

struct cert_anchors {
    STACK_OF(X509) * list; /* owned */
};

void pem_free(STACK_OF(X509) * *stack);
/* All certificates of a PEM file, at least one. what: its role, for messages. */
SG_MUST_USE enum sg_status pem_read(const char *path, const char *what,
                                    STACK_OF(X509) * *out, struct sg_error *why);

/* Sets chain, cert.chain_ok and cert.anchor. */
SG_MUST_USE enum sg_status chain_judge(struct cert *cert, int64_t now_us);

/* The facts that the certificate alone tells. What cannot be read stays absent. */
void facts_of_certificate(struct cert *cert);
void facts_of_key(struct cert *cert);
/* Microseconds since 1970; false: it cannot be read. */
bool time_us(const ASN1_TIME *time, int64_t *out);
/* RFC 2253 text of a name, in UTF-8; false: it does not fit, or cannot be shown. */
enum { NAME_TEXT_MAX = CERT_ANCHOR_SIZE - 1 };
bool name_text(const X509_NAME *name, char out[NAME_TEXT_MAX + 1]);
/* The same as a fact. */
void fact_name_text(struct cert *cert, enum fact fact, const X509_NAME *name);

#endif
