#ifndef SEGEL_CLIENT_VERIFY_VERIFY_H
#define SEGEL_CLIENT_VERIFY_VERIFY_H

#include <openssl/x509.h>

#include "proto/algorithm.h"
#include "proto/base.h"
#include "proto/slice.h"

/* Checks signatures offline: no network, no gateway, no secret. */

/* One check of one signature, in the order in which they are listed to the reader. */
enum verify_mark { VERIFY_PASS, VERIFY_FAIL, VERIFY_UNKNOWN };
struct verify_check {
    const char *name; /* stable: "structure", "digest", "signature", "certificate",
                         "chain", "coverage" (PDF only), "profile" */
    enum verify_mark mark;
    char text[192]; /* one sentence */
};

struct verify_report {
    struct verify_check checks[16];
    size_t count;
    bool valid;          /* every check passed: without anchors nothing is valid */
    bool added;          /* PDF: it covers an earlier revision; what was added after it is
                          * covered by a later signature only, and may be anything that
                          * its signer agreed to */
    char signer[128];    /* common name */
    char signer_dn[256]; /* RFC 2253; likewise below */
    char issuer_dn[256];
    char serial[64];       /* hexadecimal */
    char algorithm[64];    /* "rsa-pkcs1-sha256" */
    char policy_oids[256]; /* dotted, blanks between */
    char level[16];        /* "PAdES B-B", "CAdES B-B" … "" when neither */
    int64_t not_before_us;
    int64_t not_after_us;
    int64_t signing_time_us; /* stated by the document; 0 = none */
};

/* anchors may be NULL: the chain is then UNKNOWN. content: the signed bytes in two parts
 * (the second may be empty). at_us: when the chain is judged; 0 = now.
 * The profile check is the table of EN 319 142-1 section 6.3 (PAdES) when pades is set.
 */
struct verify_input {
    struct slice cms;
    struct slice content[2];
    X509_STORE *anchors;
    int64_t at_us;
    bool pades;
};
void verify_cms(const struct verify_input *input, struct verify_report *report);

/* All signatures of a PDF: reports[i] for signature i, at most cap; *count is their
 * number, which may be larger. Bytes that were appended after the last signature leave
 * its coverage UNKNOWN; a signature whose revision a later sound signature covers passes.
 * SG_INVALID: no PDF. SG_NOT_FOUND: no signature in it. */
SG_MUST_USE enum sg_status verify_pdf(struct slice pdf, X509_STORE *anchors,
                                      int64_t at_us, struct verify_report *reports,
                                      size_t cap, size_t *count, struct sg_error *why);

/* The signature of a PDF whose value has the SHA-256 `signature`, over content with this
 * digest; judged without anchors, so that its chain stays UNKNOWN, and so does anybody's
 * who signed after it (added). SG_NOT_FOUND: it is
 * not in the letter, or not among its first VERIFY_NAMED_MAX. SG_CORRUPT: it covers other
 * content. SG_INVALID: no PDF. One thread. */
enum { VERIFY_NAMED_MAX = 64 };
struct verify_named {
    uint8_t signature[32];
    enum sg_hash hash;
    uint8_t digest[SG_HASH_MAX];
    size_t digest_len;
};
SG_MUST_USE enum sg_status verify_pdf_named(struct slice pdf,
                                            const struct verify_named *named,
                                            struct verify_report *report,
                                            struct sg_error *why);

/* What a gateway answered to a digest, before it is put into a letter: one detached CMS
 * that names exactly this digest, with a signature that its own certificate confirms.
 * Says nothing of that certificate's worth. SG_CORRUPT: it is something else. */
SG_MUST_USE enum sg_status verify_answer(struct slice cms, struct slice digest,
                                         struct sg_error *why);

/* Anchors from a PEM file. The caller frees *out with X509_STORE_free. */
SG_MUST_USE enum sg_status verify_anchors(const char *path, X509_STORE **out,
                                          struct sg_error *why);

#endif
