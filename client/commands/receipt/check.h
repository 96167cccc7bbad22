#ifndef SEGEL_CLIENT_COMMANDS_RECEIPT_CHECK_H
#define SEGEL_CLIENT_COMMANDS_RECEIPT_CHECK_H

#include <jansson.h>

#include "client/verify/verify.h"
#include "proto/tlog/proof.h"

/* The receipt of a job (C2SP tlog-proof whose extra line holds the OUTCOME record),
 * checked without any network. The file may come from anybody: only what the log's key
 * signed is believed. */
enum receipt_fault {
    RECEIPT_SOUND,
#define RECEIPT_FAULT(name, code, english, indonesian) RECEIPT_##name,
#include "client/commands/receipt/faults.def"
#undef RECEIPT_FAULT
    RECEIPT_FAULT_COUNT
};
const char *receipt_fault_code(enum receipt_fault fault); /* stable; "sound" */
const char *receipt_fault_text(enum receipt_fault fault, bool indonesian);

/* What a sound receipt says. record is owned; all else points into text or extra. */
struct receipt {
    struct proof proof;
    struct checkpoint checkpoint;
    json_t *record; /* owned; NULL: not known to be of the log */
    uint8_t extra[PROOF_EXTRA_MAX];
};
/* text is borrowed as long as the receipt is used. The zero state is valid for _fini,
 * which is due after a failure too. */
enum receipt_fault receipt_check(struct slice text, const struct note_key *key,
                                 struct receipt *out);
void receipt_fini(struct receipt *receipt);

/* A text of the record, "" when it has none; only of a sound receipt. */
const char *receipt_member(const struct receipt *receipt, const char *name);
/* Whether this letter (a signed PDF) is the one whose signature the receipt names: value,
 * content, and that nothing unsigned was added since. Who signed is not judged. */
enum receipt_fault receipt_check_letter(const struct receipt *receipt, struct slice pdf);

#endif
