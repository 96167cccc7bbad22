/* What a witness reads: a request of a log, or its own settings; the first byte chooses.
 * A request that is accepted is written again as the very same bytes, and is never
 * cosigned: nobody here has the log's key. */
#include "client/witness/judge.h"
#include "client/witness/settings.h"
#include "tests/fuzz/support/fuzz.h"

/* The key of RFC 8032's first test, which signs nothing here. */
static const char vkey_origin[] = "segel.example.go.id/log";
static const uint8_t public_key[NOTE_KEY_SIZE] = {
    0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe,
    0xd3, 0xc9, 0x64, 0x07, 0x3a, 0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6,
    0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a};

static void write_again(const struct submission *submission, struct lines_out *out)
{
    lines_text(out, "old ");
    lines_uint(out, submission->old_size);
    lines_text(out, "\n");
    for (size_t i = 0; i < submission->path.count; i++) {
        lines_b64(out, slice_of(submission->path.hash[i].bytes, TLOG_HASH_SIZE));
        lines_text(out, "\n");
    }
    lines_text(out, "\n");
    note_begin(out, submission->note.text);
    for (size_t i = 0; i < submission->note.count; i++) {
        note_repeat_signature(out, &submission->note.signatures[i]);
    }
}

static void try_request(struct slice bytes)
{
    static struct submission submission;
    static struct witness_keys keys;
    static char text[SUBMISSION_MAX];
    struct lines_out out;
    struct slice again = {0};

    if (submission_parse(bytes, &submission) != SG_OK) {
        return;
    }
    lines_start(&out, text, sizeof(text));
    write_again(&submission, &out);
    MUST(lines_finish(&out, &again) == SG_OK && slice_equal(again, bytes));
    const struct tlog_head *head = &submission.checkpoint.head;
    struct tlog_hash empty = tlog_sha256(slice_of("", 0));
    MUST(submission.false_empty ==
         (head->size == 0 && !tlog_hash_equal(&head->root, &empty)));
    keys.count = 1;
    MUST(note_key_make(slice_str(vkey_origin), NOTE_ED25519, public_key, &keys.key[0]) ==
         SG_OK);
    MUST(judge_signatures(&submission, &keys) != WITNESS_COSIGNED);
}

static void try_settings(struct slice bytes)
{
    static struct settings settings;
    struct sg_error why = {0};

    settings = (struct settings){.port = 0};
    if (settings_read(&settings, bytes, "settings", &why) != SG_OK) {
        MUST(why.text[0] != '\0');
        return;
    }
    MUST(settings.keys.count <= WITNESS_KEYS_MAX);
    MUST(settings.prefix[0] == '\0' || settings.prefix[0] == '/');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct slice input = slice_of(data, len);

    if (fuzz_choice(&input) % 2 == 0) {
        try_request(input);
    } else {
        try_settings(input);
    }
    return 0;
}
