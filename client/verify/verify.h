#ifndef SEGEL_CLIENT_VERIFY_VERIFY_H
#define SEGEL_CLIENT_VERIFY_VERIFY_H

#include <openssl/x509.h>

#include "client/pdf/compare/changes.h"
#include "client/verify/material.h"
#include "proto/algorithm.h"
#include "proto/base.h"
#include "proto/slice.h"

/* Checks signatures offline: no network, no gateway, no secret. */

/* One check of one signature, in the order in which they are listed to the reader. */
enum verify_mark {
    VERIFY_PASS,
    VERIFY_FAIL,
    VERIFY_UNKNOWN, /* cannot be told: then the signature is not called valid */
    VERIFY_NOTE     /* not so, but the signature does not depend on it */
};
struct verify_check {
    const char *name; /* stable: "structure", "digest", "signature", "certificate",
                         "chain", "revocation", "statements" (only when one that was given
                         is not signed by who may), "time-stamp" (not of a time-stamp),
                         "coverage" (PDF only), "profile" (not of a time-stamp) */
    enum verify_mark mark;
    char text[512]; /* one sentence */
};

/* EN 319 142-1 section 6 and EN 319 122-1 section 6. */
enum verify_level {
    VERIFY_LEVEL_NONE,
    VERIFY_B_B,
    VERIFY_B_T,
    VERIFY_B_LT,
    VERIFY_B_LTA
};
const char *verify_level_name(enum verify_level level); /* "B-LT"; "" = none */

/* What the next level asks for. */
enum verify_missing {
#define MISSING(name, en, id) VERIFY_MISSING_##name,
#include "client/verify/missing.def"
#undef MISSING
};
const char *verify_missing_text(enum verify_missing missing, bool indonesian);

struct verify_report {
    struct verify_check checks[16];
    size_t count;
    bool valid;         /* no check failed or is unknown: without anchors none is valid */
    bool added;         /* PDF: it covers an earlier revision, and what was added after
                         * it (changes) is what a signer has to expect */
    bool is_time_stamp; /* a document time-stamp: signer is the authority */
    struct pdf_changes changes; /* PDF: what later revisions did */
    uint64_t range[4];          /* PDF: /ByteRange, as the signature states it */
    char field[128];            /* PDF: of the signature; likewise below, "" = absent */
    char reason[256];
    char location[256];
    char subfilter[64];
    char signer[128];    /* common name */
    char office[128];    /* its organisation; "" = none */
    char signer_dn[256]; /* RFC 2253; likewise below */
    char issuer_dn[256];
    char serial[64];        /* hexadecimal */
    char algorithm[64];     /* "rsa-pkcs1-sha256" */
    char policy_oids[256];  /* dotted, blanks between */
    char level[16];         /* "PAdES B-B", "CAdES B-B" … "" when neither */
    enum verify_level rank; /* the same as a rank */
    enum verify_missing missing;
    bool status_known;   /* of every certificate of the chain: not revoked */
    bool status_in_file; /* and the file itself holds the proof */
    char authority[128]; /* whose time-stamp proves the time; "" = none */
    int64_t proven_us;   /* it existed at that time for certain; 0 = only stated */
    int64_t not_before_us;
    int64_t not_after_us;
    int64_t signing_time_us; /* stated by the document; 0 = none */
};

/* anchors may be NULL: the chain is then UNKNOWN. content: the signed bytes in two parts
 * (the second may be empty). at_us: when the chain is judged unless a time-stamp proves
 * an earlier time; 0 = now. Status of certificates comes from the file and from given.
 * The profile check is the table of EN 319 142-1 section 6.3 (PAdES) when pades is set.
 */
struct verify_input {
    struct slice cms;
    struct slice content[2];
    X509_STORE *anchors;
    int64_t at_us;
    bool pades;
    const struct verify_material *file;     /* borrowed; what the file holds besides the
                                             * signature; NULL = nothing */
    const struct verify_material *archived; /* of it, what a document time-stamp covers */
    const struct verify_material *given;    /* borrowed; NULL = nothing */
    int64_t proven_us;   /* when a document time-stamp says it existed; 0 = none does */
    const char *prover;  /* whose; borrowed */
    bool proof_disowned; /* what was given about his certificates is signed by nobody who
                          * may */
    int64_t filed_us;    /* likewise, the earliest one of whose chain the file tells that
                          * it was not revoked; 0 = none */
    int64_t archived_us; /* and a document time-stamp covers that */
};
void verify_cms(const struct verify_input *input, struct verify_report *report);

/* A detached CMS (DER or PEM) and its content; terms as for verify_pdf. CAdES. */
void verify_detached(struct slice cms, struct slice content,
                     const struct verify_input *terms, struct verify_report *report);

/* All signatures and document time-stamps of a PDF: reports[i] for number i, at most
 * cap; *count is their number, which may be larger. terms: anchors, at_us and given. What
 * later revisions changed is found by comparison; what a signer need not expect fails the
 * coverage of the signatures before it, and so does a revision that cannot be read.
 * SG_INVALID: no PDF. SG_NOT_FOUND: no signature in it. */
SG_MUST_USE enum sg_status verify_pdf(struct slice pdf, const struct verify_input *terms,
                                      struct verify_report *reports, size_t cap,
                                      size_t *count, struct sg_error *why);

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
