#include "proto/tlog/proof.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/tlog/b64.h"
#include "tests/unit/tlog/support/vectors.h"

static uint8_t extra[PROOF_EXTRA_MAX];

static struct note_key log_key(void)
{
    struct note_key key;

    cr_assert_eq(note_vkey_parse(slice_str(vector_log_vkey), &key), SG_OK);
    return key;
}

static struct proof lawful(void)
{
    struct proof proof;

    cr_assert_eq(proof_read(slice_str(vector_proof), extra, sizeof(extra), &proof),
                 SG_OK);
    return proof;
}

Test(proof, the_known_proof_shows_its_entry)
{
    struct proof proof = lawful();
    struct note_key key = log_key();
    struct checkpoint checkpoint;

    cr_expect_eq(proof.index, 5);
    cr_expect_eq(proof.path.count, 3);
    cr_expect_eq(proof.extra.len, 0);
    cr_expect_eq(proof_check(&proof, vector_entry(5), &key, &checkpoint), SG_OK);
    cr_expect_eq(checkpoint.head.size, 8);
}

Test(proof, another_entry_is_refused)
{
    struct proof proof = lawful();
    struct note_key key = log_key();
    struct checkpoint checkpoint;

    cr_expect_eq(proof_check(&proof, vector_entry(4), &key, &checkpoint), SG_CORRUPT);
}

Test(proof, another_index_is_refused)
{
    struct proof proof = lawful();
    struct note_key key = log_key();
    struct checkpoint checkpoint;

    proof.index = 4;
    cr_expect_eq(proof_check(&proof, vector_entry(5), &key, &checkpoint), SG_CORRUPT);
    proof.index = 8;
    cr_expect_eq(proof_check(&proof, vector_entry(5), &key, &checkpoint), SG_CORRUPT);
}

Test(proof, what_is_written_is_read_back)
{
    struct proof proof = lawful();
    struct proof again;
    char text[4096];
    struct lines_out out;
    struct slice done;

    lines_start(&out, text, sizeof(text));
    proof_write(&out, &proof);
    cr_assert_eq(lines_finish(&out, &done), SG_OK);
    cr_expect(slice_equal(done, slice_str(vector_proof)));

    proof.extra = vector_entry(5);
    lines_start(&out, text, sizeof(text));
    proof_write(&out, &proof);
    cr_assert_eq(lines_finish(&out, &done), SG_OK);
    cr_assert_eq(proof_read(done, extra, sizeof(extra), &again), SG_OK);
    cr_expect(slice_equal(again.extra, vector_entry(5)));
    cr_expect(slice_equal(again.checkpoint, proof.checkpoint));
    cr_expect_eq(again.path.count, 3);
}

Test(proof, malformed_texts_are_refused)
{
    const char *swaps[][2] = {
        {"@v1", "@v2"},
        {"index 5", "index 05"},
        {"index 5", "index"},
        {"index 5", "Index 5"},
        {"index 5", "index -5"},
        {"vBoG", "vBo"},
        {"Zhnms=\n\n", "Zhnms="},
        {"Zhnms=", "Zhnmt="},
        {"LFc=\n\n", "LFc=\n"},
        {"index 5", "extra *\nindex 5"},
        {"index 5", "extra\nindex 5"},
        {"index 5", "extra \nindex 5"},
        {"index 5", "index 5\nextra AAAA"},
        {"\n", "\r\n"},
    };
    char text[4096];
    struct proof proof;

    for (size_t i = 0; i < SG_COUNT(swaps); i++) {
        const char *at = strstr(vector_proof, swaps[i][0]);
        if (at == NULL) {
            continue;
        }
        (void)snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - vector_proof),
                       vector_proof, swaps[i][1], at + strlen(swaps[i][0]));
        cr_expect_eq(proof_read(slice_str(text), extra, sizeof(extra), &proof),
                     SG_INVALID, "case %zu", i);
    }
}

Test(proof, more_than_63_hashes_are_refused)
{
    char text[8192];
    struct lines_out out;
    struct slice done;
    struct proof proof = lawful();

    proof.path.count = 64;
    lines_start(&out, text, sizeof(text));
    proof_write(&out, &proof);
    cr_assert_eq(lines_finish(&out, &done), SG_OK);
    cr_expect_eq(proof_read(done, extra, sizeof(extra), &proof), SG_TOO_LARGE);
}

Test(proof, an_extra_larger_than_the_buffer_is_refused)
{
    char text[4096];
    struct lines_out out;
    struct slice done;
    struct proof proof = lawful();

    proof.extra = vector_entry(7);
    lines_start(&out, text, sizeof(text));
    proof_write(&out, &proof);
    cr_assert_eq(lines_finish(&out, &done), SG_OK);
    cr_expect_eq(proof_read(done, extra, 15, &proof), SG_TOO_LARGE);
}

Test(proof, spoiled_bytes_never_prove_a_false_entry)
{
    struct note_key key = log_key();
    size_t len = strlen(vector_proof);
    uint32_t state = 6962;

    for (unsigned i = 0; i < 20000; i++) {
        struct proof proof;
        struct checkpoint checkpoint;
        uint8_t *copy = malloc(len); /* exact: a read beyond it shows under ASan */
        memcpy(copy, vector_proof, len);
        copy[test_random(&state) % len] ^= (uint8_t)(1 + test_random(&state) % 255);
        size_t cut = test_random(&state) % 4 == 0 ? test_random(&state) % len : len;
        if (proof_read(slice_of(copy, cut), extra, sizeof(extra), &proof) == SG_OK) {
            cr_assert_neq(proof_check(&proof, vector_entry(4), &key, &checkpoint), SG_OK);
        }
        free(copy);
    }
}

Test(b64, known_answers_hold_both_ways)
{
    const char *pairs[][2] = {{"", ""},
                              {"f", "Zg=="},
                              {"fo", "Zm8="},
                              {"foo", "Zm9v"},
                              {"foob", "Zm9vYg=="},
                              {"fooba", "Zm9vYmE="},
                              {"foobar", "Zm9vYmFy"}};

    for (size_t i = 0; i < SG_COUNT(pairs); i++) {
        char text[16] = {0};
        uint8_t bytes[8];
        size_t len = 0;
        b64_encode(slice_str(pairs[i][0]), text);
        cr_expect_str_eq(text, pairs[i][1]);
        cr_expect_eq(b64_len(strlen(pairs[i][0])), strlen(pairs[i][1]));
        cr_assert_eq(b64_decode(slice_str(pairs[i][1]), bytes, sizeof(bytes), &len),
                     SG_OK);
        cr_expect(slice_equal(slice_of(bytes, len), slice_str(pairs[i][0])));
    }
}

Test(b64, every_text_that_is_not_canonical_is_refused)
{
    const char *bad[] = {"Z",    "Zg",   "Zg=",   "Zh==",  "Zm9=",     "=",      "====",
                         "Z===", "Zg=a", " Zg==", "Zg== ", "Zg==Zg==", "Zm9v\n", "Zm-v"};

    for (size_t i = 0; i < SG_COUNT(bad); i++) {
        uint8_t bytes[16];
        size_t len = 0;
        cr_expect_eq(b64_decode(slice_str(bad[i]), bytes, sizeof(bytes), &len),
                     SG_INVALID, "'%s'", bad[i]);
    }
}
