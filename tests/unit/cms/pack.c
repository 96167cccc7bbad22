/* Packed templates come back whole, or not at all. */
#include <stdlib.h>

#include <criterion/criterion.h>
#include <openssl/sha.h>

#include "gateway/cms/cms.h"
#include "tests/unit/cms/support/reference.h"

static struct pki pki;
static struct cms_template *template;
static uint8_t packed[16384];
static size_t packed_len;

static void pack_profile(enum sg_profile profile)
{
    X509 *const chain[] = {pki.leaf, pki.issuing};
    struct cms_shape shape = {
        .profile = profile, .scheme = SG_SCHEME_ECDSA, .hash = SG_HASH_SHA256};

    cms_template_free(template);
    cr_assert_eq(cms_template_new(chain, 2, shape, &template, NULL), SG_OK);
    cr_assert_eq(cms_template_pack(template, packed, sizeof(packed), &packed_len), SG_OK);
}

static void begin(void)
{
    pki_make(&pki, PKI_P256);
    pack_profile(SG_PROFILE_CADES_B_B);
}

static void end(void)
{
    cms_template_free(template);
    pki_free(&pki);
}

TestSuite(cms_pack, .init = begin, .fini = end);

static size_t assemble(const struct cms_template *with, uint8_t *out, size_t cap)
{
    static const uint8_t digest[32] = {1, 2, 3};
    static const uint8_t signature[71] = {4, 5, 6};
    struct cms_parts parts = {.digest = slice_of(digest, sizeof(digest)),
                              .signature = slice_of(signature, sizeof(signature)),
                              .signing_time_us = 1777680000000000};
    size_t len = 0;

    cr_assert_eq(cms_assemble(with, &parts, out, cap, &len), SG_OK);
    return len;
}

static void expect_round_trip(void)
{
    static uint8_t before[8192];
    static uint8_t after[8192];
    struct cms_template *again = NULL;

    cr_assert_eq(cms_template_unpack(slice_of(packed, packed_len), &again), SG_OK);
    cr_expect_arr_eq(cms_template_id(template), cms_template_id(again), 32);
    cr_expect_eq(cms_max_len(template), cms_max_len(again));
    size_t len = assemble(template, before, sizeof(before));
    cr_expect_eq(assemble(again, after, sizeof(after)), len);
    cr_expect_arr_eq(before, after, len);
    cms_template_free(again);
}

Test(cms_pack, every_profile_comes_back_and_assembles_the_same_bytes)
{
    expect_round_trip();
    pack_profile(SG_PROFILE_PADES_B_B);
    expect_round_trip();
    pack_profile(SG_PROFILE_RAW);
    expect_round_trip();
}

Test(cms_pack, a_buffer_too_small_is_told_the_length)
{
    size_t len = 0;

    cr_expect_eq(cms_template_pack(template, NULL, 0, &len), SG_TOO_LARGE);
    cr_expect_eq(len, packed_len);
    cr_expect_eq(cms_template_pack(template, packed, packed_len - 1, &len), SG_TOO_LARGE);
    cr_expect_eq(cms_template_pack(template, packed, packed_len, &len), SG_OK);
}

Test(cms_pack, every_truncation_is_refused)
{
    struct cms_template *again = NULL;

    for (size_t len = 0; len < packed_len; len++) {
        /* A copy of that exact length lets ASan see any byte read beyond. */
        uint8_t *copy = malloc(len + (len == 0));
        memcpy(copy, packed, len);
        cr_expect_neq(cms_template_unpack(slice_of(copy, len), &again), SG_OK);
        free(copy);
    }
    cr_expect_null(again);
}

Test(cms_pack, every_flipped_byte_is_refused)
{
    struct cms_template *again = NULL;

    for (size_t i = 0; i < packed_len; i++) {
        packed[i] ^= 0x01;
        cr_expect_neq(cms_template_unpack(slice_of(packed, packed_len), &again), SG_OK,
                      "byte %zu", i);
        packed[i] ^= 0x01;
    }
    cr_expect_null(again);
}

Test(cms_pack, a_byte_appended_is_refused)
{
    struct cms_template *again = NULL;

    cr_expect_neq(cms_template_unpack(slice_of(packed, packed_len + 1), &again), SG_OK);
}

/* Somebody who can write to the ledger can also compute the id anew. Whatever the numbers
 * then say, assembling must stay inside its buffers. */
Test(cms_pack, altered_bytes_with_a_matching_id_are_refused_or_harmless)
{
    static uint8_t out[8192];
    static const uint8_t values[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
    uint8_t tbs[SG_HASH_MAX];
    size_t len = 0;

    for (size_t i = 0; i < 90; i++) {
        for (size_t v = 0; v < SG_COUNT(values); v++) {
            uint8_t old = packed[i];
            struct cms_template *again = NULL;
            packed[i] = values[v];
            SHA256(packed, packed_len - 32, packed + packed_len - 32);
            if (cms_template_unpack(slice_of(packed, packed_len), &again) == SG_OK) {
                struct cms_parts parts = {.digest = slice_of(out, 32),
                                          .signature = slice_of(out, 64)};
                uint8_t *exact = malloc(cms_max_len(again));
                (void)!cms_to_be_signed(again, parts.digest, 0, tbs, &len);
                (void)!cms_assemble(again, &parts, exact, cms_max_len(again), &len);
                free(exact);
                cms_template_free(again);
            }
            packed[i] = old;
        }
    }
}

Test(cms_pack, the_version_byte_is_checked)
{
    struct cms_template *again = NULL;

    packed[0] = 2;
    SHA256(packed, packed_len - 32, packed + packed_len - 32);
    cr_expect_eq(cms_template_unpack(slice_of(packed, packed_len), &again), SG_INVALID);
}
