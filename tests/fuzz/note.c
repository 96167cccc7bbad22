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
    /* A key on P-256 whose private number nobody has kept. */
    static const uint8_t p256[NOTE_SPKI_SIZE] = {
        0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
        0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
        0x04, 0x4d, 0x4b, 0xe1, 0x06, 0x0f, 0x77, 0xd8, 0xc9, 0xcc, 0x58, 0xed, 0xf5,
        0x43, 0x3c, 0xea, 0x4a, 0xb1, 0x83, 0xa9, 0xd1, 0xf1, 0x40, 0xe9, 0xe3, 0xf4,
        0x6f, 0x67, 0x03, 0x29, 0x87, 0x85, 0x03, 0x3e, 0x2d, 0x59, 0x5e, 0x1e, 0x1c,
        0xb8, 0xd3, 0x20, 0xd2, 0x95, 0x06, 0x67, 0xb9, 0x65, 0xb0, 0xa0, 0x8a, 0x97,
        0xdf, 0x2a, 0xf7, 0x69, 0xf3, 0xfe, 0x42, 0x63, 0x91, 0x50, 0x09, 0xf5, 0xa4};
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
        MUST(note_key_of_spki(name, slice_of(p256, sizeof(p256)), &key) == SG_OK);
        key.id = note.signatures[i].id;
        MUST(note_verify(&note, &key, &verdict) == SG_CORRUPT);
    }
    return 0;
}
