#ifndef SEGEL_GATEWAY_LEDGER_PEEK_H
#define SEGEL_GATEWAY_LEDGER_PEEK_H

#include "gateway/ledger/policy.h"

/* What a start would find in a ledger, seen from beside a gateway that may run on it, by
 * a program that is perhaps of another version. Nothing is changed: a ledger that was
 * closed well is read as a file that nobody writes; one with a WAL as SQLite's readers
 * do. */
struct ledger_peek {
    bool exists;
    uint64_t schema;             /* version of its tables */
    uint64_t schema_ours;        /* that a start leads it to */
    struct ledger_policy policy; /* in force last; text is empty when none was, or when
                                  * tables of that version hold none */
};

/* SG_INVALID: no ledger, a newer Segel's, or of another origin; SG_LEDGER, SG_CORRUPT: it
 * cannot be read, or was here and is gone; SG_NO_MEMORY. The caller owns what is in *out:
 * _fini. */
SG_MUST_USE enum sg_status ledger_peek(const struct ledger_options *options,
                                       struct ledger_peek *out, struct sg_error *why);
void ledger_peek_fini(struct ledger_peek *peek);

#endif
