/* libFuzzer: clang -fsanitize=fuzzer,address,undefined. Signed notes and verifier keys:
 * whatever is accepted must be what the format allows, and nothing verifies by chance. */
#include "proto/tlog/note.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void try_vkey(struct slice text)
{
    struct note_key key;
    char again[NOTE_VKEY_MAX];

    if (note_vkey_parse(text, &key) == SG_OK) {
        note_vkey_format(&key, again);
        MUST(slice_equal(text, slice_str(again)));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const uint8_t public_key[NOTE_KEY_SIZE] = {1};
    static struct note note;
    struct note_verdict verdict;
    struct slice bytes = slice_of(data, len);

    try_vkey(bytes);
    if (note_parse(bytes, &note) != SG_OK) {
        return 0;
    }
    MUST(note.text.len < len && note.text.data[note.text.len - 1] == '\n');
    for (size_t i = 0; i < note.count; i++) {
        struct note_key key;
        struct slice name = note.signatures[i].name;
        MUST(note_key_make(name, NOTE_ED25519, public_key, &key) == SG_OK);
        key.id = note.signatures[i].id;
        MUST(note_verify(&note, &key, &verdict) == SG_CORRUPT);
        key.kind = NOTE_COSIGNATURE;
        MUST(note_verify(&note, &key, &verdict) == SG_CORRUPT);
    }
    return 0;
}
