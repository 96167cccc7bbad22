/* Signed notes and verifier keys:
 * whatever is accepted must be what the format allows, and nothing verifies by chance. */
#include "proto/tlog/note.h"

#include "tests/fuzz/support/fuzz.h"

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
    /* Of RFC 8032 section 7.1, test 1. A key of small order would not do: it verifies
     * signatures that anybody can make. */
    static const uint8_t public_key[NOTE_KEY_SIZE] = {
        0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe,
        0xd3, 0xc9, 0x64, 0x07, 0x3a, 0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6,
        0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a};
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
