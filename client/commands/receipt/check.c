#include "client/commands/receipt/check.h"

#include <string.h>

#include "client/audit/scan.h"
#include "proto/digest.h"

static const struct {
    const char *code;
    const char *text[2]; /* English, Indonesian */
} faults[RECEIPT_FAULT_COUNT] = {
    [RECEIPT_SOUND] = {"sound", {"the receipt is sound", "bukti ini sah"}},
#define RECEIPT_FAULT(name, code, english, indonesian)                                   \
    [RECEIPT_##name] = {code, {english, indonesian}},
#include "client/commands/receipt/faults.def"
#undef RECEIPT_FAULT
};

const char *receipt_fault_code(enum receipt_fault fault)
{
    return faults[fault].code;
}

const char *receipt_fault_text(enum receipt_fault fault, bool indonesian)
{
    return faults[fault].text[indonesian ? 1 : 0];
}

const char *receipt_member(const struct receipt *receipt, const char *name)
{
    const char *text = json_string_value(json_object_get(receipt->record, name));

    return text == NULL ? "" : text;
}

/* --- The proof --------------------------------------------------------------------- */

static enum receipt_fault check_key(const struct proof *proof, const struct note_key *key)
{
    struct checkpoint checkpoint;
    enum sg_status status = checkpoint_open(proof->checkpoint, key, &checkpoint);

    if (status == SG_OK) {
        return RECEIPT_SOUND;
    }
    if (status == SG_CORRUPT) {
        return RECEIPT_FALSE_SIGNATURE;
    }
    return status == SG_NOT_FOUND ? RECEIPT_OTHER_LOG : RECEIPT_MALFORMED;
}

/* By the scan that reads whole logs: a receipt must not show a signature that these do
 * not count. The log's own place for the record stands in it too. */
static enum receipt_fault check_record(const struct proof *proof)
{
    struct scan scan;
    uint64_t seq = 0;
    enum sg_status status = scan_record(proof->extra, &scan);

    if (status == SG_CORRUPT) {
        return RECEIPT_DISGUISED;
    }
    return status == SG_OK && scan_is(&scan, MEMBER_type, "outcome") &&
                   scan_uint(&scan, MEMBER_seq, &seq) && seq == proof->index
               ? RECEIPT_SOUND
               : RECEIPT_OTHER_RECORD;
}

enum receipt_fault receipt_check(struct slice text, const struct note_key *key,
                                 struct receipt *out)
{
    enum sg_status status = proof_read(text, out->extra, sizeof(out->extra), &out->proof);

    if (status != SG_OK || out->proof.extra.len == 0) {
        return status == SG_TOO_LARGE ? RECEIPT_TOO_LARGE : RECEIPT_MALFORMED;
    }
    enum receipt_fault fault = check_key(&out->proof, key);
    if (fault != RECEIPT_SOUND) {
        return fault;
    }
    if (proof_check(&out->proof, out->proof.extra, key, &out->checkpoint) != SG_OK) {
        return RECEIPT_NOT_INCLUDED;
    }
    fault = check_record(&out->proof);
    if (fault != RECEIPT_SOUND) {
        return fault;
    }
    out->record = json_loadb((const char *)out->proof.extra.data, out->proof.extra.len,
                             JSON_REJECT_DUPLICATES, NULL);
    return out->record != NULL ? RECEIPT_SOUND : RECEIPT_OTHER_RECORD;
}

void receipt_fini(struct receipt *receipt)
{
    json_decref(receipt->record);
    receipt->record = NULL;
}

/* --- The letter -------------------------------------------------------------------- */

static bool read_named(const struct receipt *receipt, struct verify_named *named)
{
    struct digest digest;
    bool is_signed = strcmp(receipt_member(receipt, "outcome"), "signed") == 0 &&
                     digest_parse_sha256(slice_str(receipt_member(receipt, "sig")),
                                         named->signature) == SG_OK;

    if (!is_signed ||
        digest_parse(slice_str(receipt_member(receipt, "digest")), &digest) != SG_OK) {
        return false;
    }
    named->hash = digest.hash;
    named->digest_len = sg_hash_len(digest.hash);
    memcpy(named->digest, digest.bytes, named->digest_len);
    return true;
}

/* The issuer is not the receipt's business. */
static bool holds(const struct verify_report *report)
{
    for (size_t i = 0; i < report->count; i++) {
        const struct verify_check *check = &report->checks[i];
        bool good = check->mark == VERIFY_PASS || check->mark == VERIFY_NOTE;
        if (!good && strcmp(check->name, "chain") != 0) {
            return false;
        }
    }
    return true;
}

enum receipt_fault receipt_check_letter(const struct receipt *receipt, struct slice pdf)
{
    struct verify_named named = {.hash = SG_HASH_NONE};
    struct verify_report report;
    struct sg_error why;

    if (!read_named(receipt, &named)) {
        return RECEIPT_NOT_SIGNED;
    }
    enum sg_status status = verify_pdf_named(pdf, &named, &report, &why);
    if (status == SG_NOT_FOUND) {
        return RECEIPT_OTHER_SIGNATURE;
    }
    if (status == SG_CORRUPT) {
        return RECEIPT_OTHER_DIGEST;
    }
    if (status != SG_OK) {
        return RECEIPT_NO_LETTER;
    }
    if (!holds(&report)) {
        return RECEIPT_LETTER_CHANGED;
    }
    return report.added ? RECEIPT_LETTER_ADDED : RECEIPT_SOUND;
}
