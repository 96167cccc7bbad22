#ifndef SEGEL_TESTS_FUZZ_SUPPORT_SEAL_H
#define SEGEL_TESTS_FUZZ_SUPPORT_SEAL_H

#include <openssl/x509.h>

#include "gateway/status/evidence.h"
#include "proto/slice.h"

/* A CA for targets, the same on every machine: what a mutation left of the part to be
 * signed is signed, so that readers are seen behind the check of the signature. Its key
 * (Ed25519) is a digest of a word; nothing outside the targets trusts it. */

/* 2026-06-01 00:00 UTC: the CA and the seeds are in force. */
#define SEAL_NOW_US INT64_C(1780272000000000)

enum { SEAL_MAX = 1 << 16 };

enum seal_hand { SEAL_CA, SEAL_RESPONDER, SEAL_STRANGER };

/* The CA's certificate: CN=Anchor. Borrowed. */
X509 *seal_ca(void);
/* A certificate by it: CN=Seal, serial number 77. */
X509 *seal_subject(void);
/* One by it that may sign OCSP answers: CN=Responder, with the responder's key. */
X509 *seal_responder(void);
/* What statements about the subject are judged by: the CA issued it, and is the anchor.
 * Borrowed. */
const struct status_link *seal_link(void);

/* SEQUENCE { part, Ed25519, signature, rest }: the form of certificates, CRLs and basic
 * OCSP answers. out has SEAL_MAX bytes; 0 when it does not fit. */
struct seal_parts {
    struct slice part;
    struct slice rest;
};
size_t seal(const struct seal_parts *parts, enum seal_hand hand, uint8_t *out);
/* Tag and length in front of len bytes; out has 4 bytes. */
size_t seal_header(uint8_t *out, uint8_t tag, size_t len);

#endif
