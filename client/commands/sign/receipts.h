#ifndef SEGEL_CLIENT_COMMANDS_SIGN_RECEIPTS_H
#define SEGEL_CLIENT_COMMANDS_SIGN_RECEIPTS_H

#include "client/commands/sign/report.h"
#include "client/console/home.h"
#include "proto/base.h"

/* The receipts that `segel sign --receipts` puts beside its letters, as
 * "<letter>.tlog-proof". They are fetched after the last signature: a checkpoint covers a
 * letter some seconds after it was signed. A signed letter stays a success without its
 * receipt. The zero state is empty. */
struct sign_receipt {
    char *request_id; /* owned, in one piece with output */
    char *output;     /* the signed letter */
};
struct sign_receipts {
    struct sign_receipt *rows; /* owned */
    size_t count;
    size_t cap;
    bool forgotten; /* there was no memory for one */
};

/* A letter that was signed; both texts are copied. */
void sign_receipts_add(struct sign_receipts *receipts, const char *request_id,
                       const char *output);
/* Fetches and writes all; the report says of each what became of it. Those that were not
 * fetched stay: SG_CANCELLED, after Ctrl-C; SG_IO, the gateway is away. */
SG_MUST_USE enum sg_status sign_receipts_fetch(struct sign_receipts *receipts,
                                               const struct home *home,
                                               struct sign_report *report,
                                               struct sg_error *why);
/* Tells of those that stayed; whether there are any. */
bool sign_receipts_leave(const struct sign_receipts *receipts,
                         struct sign_report *report);
void sign_receipts_fini(struct sign_receipts *receipts);

#endif
