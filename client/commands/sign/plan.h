#ifndef SEGEL_CLIENT_COMMANDS_SIGN_PLAN_H
#define SEGEL_CLIENT_COMMANDS_SIGN_PLAN_H

#include "client/call/signer.h"
#include "client/commands/sign/level.h"
#include "client/pdf/pdf.h"
#include "proto/algorithm.h"
#include "segel/v1/signing.pb-c.h"

/* The options of `segel sign` as given. */
struct sign_options {
    const char *key;
    const char *profile;
    const char *document_class;
    const char *approval;
    const char *mandate;
    const char *batch;
    const char *out;
    const char *page;
    const char *rect;
    const char *field;
    const char *reason;
    const char *location;
    const char *name;
    const char *stamp;
    const char *title;
    const char *rank;
    const char *nip;
    const char *unit;
    const char *hash;
    const char *scheme;
    const char *lang;
    const char *from;
    const char *manifest;
    const char *journal;
    const char *result[2];
    bool dry_run;
    bool quiet;
    bool notice;
    bool force;
    bool resume;
    bool receipts;
    bool json;
    bool or_less;
};

/* What they mean: the terms of all letters, and what is to stand in each. Texts are
 * borrowed from the options, which must outlive the plan. */
struct sign_plan {
    bool visible;
    bool notice; /* the letters carry the statement already */
    bool raises; /* what was signed is extended, to: */
    enum extend_level level;
    Segel__V1__SignTerms terms;
    struct pdf_wish wish; /* what the options say of it; the rest is libsegel's */
    const char *stamp;    /* name or path of a template; NULL = none */
};

/* Reads the options. SG_INVALID: why says what to write instead. */
SG_MUST_USE enum sg_status sign_plan_read(const struct sign_options *options,
                                          struct sign_plan *plan, struct sg_error *why);

#endif
