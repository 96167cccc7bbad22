#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/call/log_head.h"
#include "client/channel/sentence.h"
#include "client/commands/receipt/check.h"
#include "client/commands/receipt/print.h"
#include "client/console/command.h"
#include "client/console/file.h"
#include "client/console/screen.h"

/* `segel receipt verify` */
enum { LETTER_MAX = 1 << 30 };

struct verify_options {
    const char *key;
    const char *letter;
    const char *lang;
    bool json;
};

#define AT(member) offsetof(struct verify_options, member)
static const struct option rows[] = {
    {"log-key", 0, "VKEY",
     "verifier key of the log, or a file that holds it (default: log.vkey of the home "
     "folder)",
     AT(key)},
    {"letter", 0, "FILE", "the signed PDF that the receipt must belong to", AT(letter)},
    {"lang", 0, "id|en", "language of the report (default: en)", AT(lang)},
    {"json", 0, NULL, "one JSON object for machines", AT(json)},
};

/* A receipt is judged by a key that the reader has from elsewhere, or not at all. */
static enum sg_status load_key(const struct home *home,
                               const struct verify_options *options,
                               struct log_trust *trust, struct sg_error *why)
{
    char path[HOME_PATH_SIZE];

    if (options->key == NULL) {
        TRY(home_need(home, HOME_VKEY, path, why));
        return log_trust_load(path, trust, why);
    }
    if (note_vkey_parse(slice_str(options->key), &trust->key) == SG_OK) {
        return SG_OK;
    }
    return log_trust_load(options->key, trust, why);
}

static enum receipt_fault check_letter(struct receipt *receipt,
                                       const struct file_bytes *letter)
{
    return receipt_check_letter(receipt, slice_of(letter->data, letter->len));
}

/* All that was read, and what came of it. */
struct examination {
    struct file_bytes text;
    struct file_bytes letter;
    struct receipt receipt;
};

static void forget(struct examination *examination)
{
    receipt_fini(&examination->receipt);
    file_free(&examination->text);
    file_free(&examination->letter);
    free(examination);
}

/* SG_OK with *fault: the files could be read. */
static enum sg_status examine(struct examination *it, const struct receipt_page *page,
                              const struct note_key *key, enum receipt_fault *fault,
                              struct sg_error *why)
{
    enum sg_status status = file_read(page->path, PROOF_MAX, &it->text, why);

    if (status == SG_TOO_LARGE) {
        *fault = RECEIPT_TOO_LARGE;
        return SG_OK;
    }
    TRY(status);
    if (page->letter != NULL) {
        TRY(file_read(page->letter, LETTER_MAX, &it->letter, why));
    }
    *fault = receipt_check(slice_of(it->text.data, it->text.len), key, &it->receipt);
    if (*fault == RECEIPT_SOUND && page->letter != NULL) {
        *fault = check_letter(&it->receipt, &it->letter);
    }
    return SG_OK;
}

static enum exit_code judge(struct receipt_page *page, const struct note_key *key)
{
    struct examination *it = (struct examination *)calloc(1, sizeof(*it));
    struct sg_error why = {0};

    if (it == NULL) {
        return command_failed(SG_NO_MEMORY, &why);
    }
    enum sg_status status = examine(it, page, key, &page->fault, &why);
    if (status != SG_OK) {
        forget(it);
        screen_complain(why.text);
        return EXIT_BROKEN;
    }
    page->receipt = &it->receipt;
    receipt_print(page);
    forget(it);
    return page->fault == RECEIPT_SOUND ? EXIT_WELL : EXIT_REFUSED;
}

static enum exit_code run(const struct home *home, struct words *words)
{
    struct verify_options options = {.lang = "en"};
    struct log_trust trust = {.known = true};
    struct sg_error why = {0};

    if (command_parse(&command_receipt_verify, words, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    bool indonesian = strcmp(options.lang, "id") == 0;
    if (words->count != 1) {
        sentence(&why, "name one receipt: segel receipt verify FILE");
    } else if (!indonesian && strcmp(options.lang, "en") != 0) {
        sentence(&why, "--lang is id or en");
    }
    if (why.text[0] != '\0') {
        return command_failed(SG_INVALID, &why);
    }
    enum sg_status status = load_key(home, &options, &trust, &why);
    if (status != SG_OK) {
        return command_failed(status, &why);
    }
    struct receipt_page page = {.path = words->at[0],
                                .letter = options.letter,
                                .indonesian = indonesian,
                                .json = options.json};
    return judge(&page, &trust.key);
}

const struct command command_receipt_verify = {
    .name = "receipt verify",
    .operands = "FILE",
    .summary = "check a receipt, and the letter it belongs to, without any network",
    .examples =
        "The log's key is what everything rests on: take it from the gateway's\n"
        "administrators by another way than the receipt. With --letter the receipt must\n"
        "name the very signature in that PDF and the digest of its content; who signed\n"
        "it is what 'segel verify' tells. Exit codes: 0 sound, 1 not sound, 2 wrong\n"
        "command line, 3 a file cannot be read.\n\n"
        "Examples:\n"
        "  segel receipt verify surat.pdf.tlog-proof --letter surat.pdf\n"
        "  segel receipt verify surat.pdf.tlog-proof --log-key log.vkey --lang id\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run,
};
