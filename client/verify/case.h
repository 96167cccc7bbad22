#ifndef SEGEL_CLIENT_VERIFY_CASE_H
#define SEGEL_CLIENT_VERIFY_CASE_H

#include <openssl/cms.h>

#include "client/pdf/pdf.h"
#include "client/verify/material.h"
#include "client/verify/verify.h"
#include "proto/algorithm.h"

/* One signature under examination; for the files of this folder. Each check looks at the
 * case, changes nothing in it, and says one sentence. */
struct verify_case {
    const struct verify_input *input; /* borrowed */
    const struct pdf_signature *pdf;  /* borrowed; NULL = a CMS by itself */
    const struct verify_later *later; /* borrowed; of a PDF: what came afterwards */
    bool is_token;                    /* a time-stamp, not a signature */
    CMS_ContentInfo *cms;             /* owned; NULL = not readable */
    CMS_SignerInfo *signer_info;      /* borrowed from cms */
    STACK_OF(X509) * certificates;    /* owned; the signer's is not necessarily first */
    X509 *signer;                     /* borrowed from certificates; NULL = not there */
    int64_t time_us;                  /* when it existed for certain; 0 = not known */
    int64_t made_us;                  /* of a time-stamp: the time that it names */
    STACK_OF(X509) * chain;           /* owned; signer to anchor; NULL = there is none */
    struct verify_check said;         /* of the chain */
    struct verify_token *token;       /* borrowed; of the signature value; NULL = none */
    struct verify_status status;      /* of the chain's certificates */
};

/* What a later part of the file did to the revision that a signature covers. */
struct verify_later {
    struct pdf_changes changes; /* all of them */
    bool compared;              /* false: they are not known */
    bool nothing;               /* only blanks follow */
    bool vouched;   /* every signature that was added is sound, as far as is known */
    bool permitted; /* and so is each that permits what was filled in */
    uint64_t bytes;
};

/* A time-stamp (RFC 3161), judged. */
struct verify_token {
    struct verify_check steps[6]; /* up to the first that does not pass */
    size_t count;
    bool sound;      /* over these bytes, by the certificate in it */
    bool trusted;    /* and that chains to an anchor: its time is proven */
    bool in_file;    /* the file tells that its chain was not revoked at its time */
    bool in_archive; /* and a document time-stamp covers that */
    int64_t time_us;
    char authority[128];         /* common name */
    struct verify_status status; /* of the chain's certificates */
};
/* terms: anchors, times, material; content: the bytes that the token is about. report:
 * gets who signed it; NULL = nobody asks. */
void verify_token_judge(struct slice token, const struct slice content[2],
                        const struct verify_input *terms, struct verify_token *out,
                        struct verify_report *report);

/* Opens and closes what the CMS holds. */
void verify_case_open(struct verify_case *c);
void verify_case_close(struct verify_case *c);
/* Finds the chain at the case's time, and what is known of its certificates. */
void verify_case_chain(struct verify_case *c);
/* Does this material alone tell of every certificate of the chain that it was good? */
bool verify_case_proved(const struct verify_case *c,
                        const struct verify_material *material);
/* The same, as of another time. */
bool verify_case_proved_at(const struct verify_case *c, int64_t time_us,
                           const struct verify_material *material);
/* The proven time if there is one, else the one asked for, else now; seconds. */
int64_t verify_case_time_s(const struct verify_case *c);
/* The time asked for, else now; seconds. */
int64_t verify_now_s(const struct verify_case *c);

/* What the report says about the signer and the signature, apart from the checks. */
void verify_case_describe(const struct verify_case *c, struct verify_report *report);

/* Opens, judges, describes and closes: all of a case but input, pdf and what goes with
 * it. */
void verify_case_run(struct verify_case *c, struct verify_report *report);

/* The accepted digest algorithm of the signer, or NULL. */
const EVP_MD *verify_case_md(const struct verify_case *c);
/* What the signature states, when it fits key and digest algorithm; else NONE. */
enum sg_scheme verify_case_scheme(const struct verify_case *c);

enum verify_mark verify_structure(const struct verify_case *c, struct verify_check *out);
enum verify_mark verify_digest(const struct verify_case *c, struct verify_check *out);
enum verify_mark verify_signature(const struct verify_case *c, struct verify_check *out);
enum verify_mark verify_certificate(const struct verify_case *c,
                                    struct verify_check *out);
enum verify_mark verify_chain(const struct verify_case *c, struct verify_check *out);
enum verify_mark verify_revocation(const struct verify_case *c, struct verify_check *out);
/* Of what was given about a chain that counts: the signer's, or that of who proves the
 * time. UNKNOWN: the statement that is passed over may be the one that revokes. */
bool verify_is_disowned(const struct verify_case *c);
enum verify_mark verify_statements(const struct verify_case *c, struct verify_check *out);
enum verify_mark verify_time_stamp(const struct verify_case *c, struct verify_check *out);
enum verify_mark verify_coverage(const struct verify_case *c, struct verify_check *out);
enum verify_mark verify_profile(const struct verify_case *c, struct verify_check *out);

/* The level reached, and what the next one needs; after all checks. */
void verify_level(const struct verify_case *c, struct verify_report *report);

/* Writes the sentence and returns the mark. */
enum verify_mark verify_say(struct verify_check *out, enum verify_mark mark,
                            const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Digest of both parts; false = it could not be computed. */
bool verify_hash(const struct slice content[2], const EVP_MD *md,
                 uint8_t out[EVP_MAX_MD_SIZE]);
/* Left as it is when there is none. */
void verify_write_common_name(const X509 *certificate, char *out, size_t cap);
/* A name as RFC 2253 writes it, control characters escaped, cut to cap. Left as it is
 * when OpenSSL cannot print it. */
void verify_write_name(const X509_NAME *name, char *out, size_t cap);

/* Microseconds since 1970 of an ASN.1 time; 0 when it is none. */
int64_t verify_time_us(const ASN1_TIME *time);

#endif
