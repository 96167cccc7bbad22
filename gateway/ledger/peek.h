#ifndef SEGEL_GATEWAY_LEDGER_PEEK_H
#define SEGEL_GATEWAY_LEDGER_PEEK_H

#include "gateway/ledger/keyreg.h"
#include "gateway/ledger/memo.h"
#include "gateway/ledger/policy.h"
#include "gateway/ledger/rosters.h"

/* A key of its register that has a state. */
struct ledger_peek_key {
    char name[65];
    uint8_t ckaid[KEYREG_ID_MAX]; /* as in struct keyreg */
    size_t ckaid_len;
    struct slice chain; /* owned; as in struct keyreg_der */
};

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
    struct ledger_roster roster; /* kept last; likewise */
    char roster_memo[LEDGER_MEMO_MAX];      /* "" = there is none */
    char roster_file_memo[LEDGER_MEMO_MAX]; /* likewise */
    struct ledger_peek_key *keys;           /* owned */
    size_t key_count;
};

/* SG_INVALID: no ledger, a newer Segel's, or of another origin; SG_LEDGER, SG_CORRUPT: it
 * cannot be read, or was here and is gone; SG_NO_MEMORY. The caller owns what is in *out:
 * _fini. */
SG_MUST_USE enum sg_status ledger_peek(const struct ledger_options *options,
                                       struct ledger_peek *out, struct sg_error *why);
void ledger_peek_fini(struct ledger_peek *peek);

#endif
