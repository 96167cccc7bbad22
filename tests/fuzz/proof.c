/* libFuzzer: clang -fsanitize=fuzzer,address,undefined. A proof that is accepted is
 * written again as the very same text, and proves nothing for an unknown key. */
#include "proto/tlog/proof.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const uint8_t public_key[NOTE_KEY_SIZE] = {1};
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
