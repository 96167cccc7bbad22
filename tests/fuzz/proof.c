/* A proof that is accepted is
 * written again as the very same text, and proves nothing for an unknown key. */
#include "proto/tlog/proof.h"

#include "tests/fuzz/support/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    /* Of RFC 8032 section 7.1, test 1. A key of small order would not do: it verifies
     * signatures that anybody can make. */
    static const uint8_t public_key[NOTE_KEY_SIZE] = {
        0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe,
        0xd3, 0xc9, 0x64, 0x07, 0x3a, 0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6,
        0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a};
    static uint8_t extra[PROOF_EXTRA_MAX];
    static char text[PROOF_MAX];
    struct note_key key;
    struct checkpoint checkpoint;
    struct proof proof;
    struct lines_out out;
    struct slice again;

    if (proof_read(slice_of(data, len), extra, sizeof(extra), &proof) != SG_OK) {
        return 0;
    }
    lines_start(&out, text, sizeof(text));
    proof_write(&out, &proof);
    MUST(lines_finish(&out, &again) == SG_OK);
    MUST(slice_equal(again, slice_of(data, len)));
    MUST(note_key_make(slice_str("segel.example.go.id/log"), NOTE_ED25519, public_key,
                       &key) == SG_OK);
    MUST(proof_check(&proof, proof.extra, &key, &checkpoint) != SG_OK);
    return 0;
}
