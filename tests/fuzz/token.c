/* An answer of a time stamp authority: whatever comes, it is refused with a sentence, or
 * it is the sound answer that was made here. Input: a choice, then DER of an answer;
 * choice 1 puts the input over the sound answer, from an offset that stands in its first
 * two bytes. */
#include <openssl/err.h>
#include <stdlib.h>
#include <time.h>

#include "gateway/tsa/token.h"
#include "tests/fuzz/support/fuzz.h"
#include "tests/fuzz/support/tree.h"

/* The test authority, with a key of its own in each process. */
/* NOLINTNEXTLINE(bugprone-suspicious-include) */
#include "tests/fixtures/tsa_stamp.c"

static struct tsa_trust trust;
static TS_REQ *question;
static uint8_t *sound;
static size_t sound_len;
static struct tsa_token first; /* of it */

static void set_up(void)
{
    static struct authority authority;
    static const uint8_t digest[32] = {1};
    uint8_t asked[TSA_QUESTION_MAX];
    size_t len = 0;

    authority_make(&authority, NULL);
    trust = (struct tsa_trust){.anchors = X509_STORE_new(), .skew_us = INT64_C(60000000)};
    MUST(X509_STORE_add_cert(trust.anchors, authority.root) == 1);
    MUST(token_question(&trust, SG_HASH_SHA256, digest, &question) == SG_OK);
    MUST(token_pack(question, asked, &len) == SG_OK);
    sound_len = stamp(&authority, FAULT_NONE, asked, len, &sound);
    struct sg_error why;
    const struct tsa_answer answer = {question, slice_of(sound, sound_len),
                                      (int64_t)time(NULL) * 1000000};
    MUST(token_judge(&trust, &answer, &first, &why) == SG_OK);
}

static void judge(struct slice bytes)
{
    static struct tsa_token token;
    struct sg_error why = {0};
    const struct tsa_answer answer = {question, bytes, (int64_t)time(NULL) * 1000000};

    enum sg_status status = token_judge(&trust, &answer, &token, &why);
    MUST(status == SG_OK || (status == SG_INVALID && why.text[0] != '\0'));
    MUST(ERR_peek_error() == 0 || status == SG_OK);
    ERR_clear_error();
    uint8_t chain[TSA_CHAIN_MAX];
    size_t len = 0;
    MUST(token_chain(&trust, bytes, chain, &len) != SG_OK || len > 0);
    if (status == SG_OK) {
        /* Status, texts and certificates are not signed; what the token says is. */
        MUST(token.len > 0 && strcmp(token.serial, first.serial) == 0 &&
             token.time_us == first.time_us);
        MUST(token_chain(&trust, slice_of(token.der, token.len), chain, &len) == SG_OK);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct slice input = slice_of(data, len);
    uint8_t choice = fuzz_choice(&input);

    if (sound == NULL) {
        set_up();
        judge(slice_of(sound, sound_len));
    }
    if ((choice & 1) == 0 || input.len < 2) {
        uint8_t *copy = fuzz_copy(input);
        judge(slice_of(copy, input.len));
        free(copy);
        return 0;
    }
    size_t at = ((size_t)input.data[0] << 8 | input.data[1]) % sound_len;
    uint8_t *copy = fuzz_copy(slice_of(sound, sound_len));
    size_t most = sound_len - at < input.len - 2 ? sound_len - at : input.len - 2;
    memcpy(copy + at, input.data + 2, most);
    judge(slice_of(copy, sound_len));
    free(copy);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t len, size_t cap, unsigned seed)
{
    return tree_mutate(data, len, cap, 1, seed);
}
