#ifndef SEGEL_CLIENT_VERIFY_CASE_H
#define SEGEL_CLIENT_VERIFY_CASE_H

#include <openssl/cms.h>

#include "client/pdf/pdf.h"
#include "client/verify/verify.h"
#include "proto/algorithm.h"

/* One signature under examination; for the files of this folder. Each check looks at the
 * case, changes nothing in it, and says one sentence. */
struct verify_case {
    const struct verify_input *input; /* borrowed */
    const struct pdf_signature *pdf;  /* borrowed; NULL = a CMS by itself */
    uint64_t file_len;                /* of the PDF */
    bool covered_later;               /* a later signature covers the whole PDF */
    CMS_ContentInfo *cms;             /* owned; NULL = not readable */
    CMS_SignerInfo *signer_info;      /* borrowed from cms */
    STACK_OF(X509) * certificates;    /* owned; the signer's is not necessarily first */
    X509 *signer;                     /* borrowed from certificates; NULL = not there */
};

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
enum verify_mark verify_coverage(const struct verify_case *c, struct verify_check *out);
enum verify_mark verify_profile(const struct verify_case *c, struct verify_check *out);

/* Writes the sentence and returns the mark. */
enum verify_mark verify_say(struct verify_check *out, enum verify_mark mark,
                            const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A name as RFC 2253 writes it, control characters escaped, cut to cap. Left as it is
 * when OpenSSL cannot print it. */
void verify_write_name(const X509_NAME *name, char *out, size_t cap);

/* Microseconds since 1970 of an ASN.1 time; 0 when it is none. */
int64_t verify_time_us(const ASN1_TIME *time);

#endif
