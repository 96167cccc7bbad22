#include "hsm/token/sign.h"

#include <criterion/criterion.h>
#include <openssl/ecdsa.h>

static const uint8_t DIGEST[64] = {1, 2, 3};

static struct key rsa_key(void)
{
    return (struct key){.type = KEY_RSA, .bits = 2048, .raw_len = 256};
}

static struct wanted pkcs1(void)
{
    return (struct wanted){MECHANISM_RSA_PKCS1, SG_HASH_SHA256, slice_of(DIGEST, 32)};
}

Test(sign, a_lawful_digest_fits)
{
    struct key key = rsa_key();
    struct wanted wanted = pkcs1();
    cr_expect(sign_fits(&key, &wanted));
}

Test(sign, a_digest_of_another_length_does_not_fit)
{
    struct key key = rsa_key();
    struct wanted wanted = pkcs1();
    wanted.input.len = 31;
    cr_expect_not(sign_fits(&key, &wanted));
    wanted.input.len = 33;
    cr_expect_not(sign_fits(&key, &wanted));
    wanted.input.len = 0;
    cr_expect_not(sign_fits(&key, &wanted));
}

Test(sign, a_hash_that_is_not_known_does_not_fit)
{
    struct key key = rsa_key();
    struct wanted wanted = pkcs1();
    wanted.hash = SG_HASH_NONE;
    cr_expect_not(sign_fits(&key, &wanted));
    wanted.hash = SG_HASH_COUNT;
    cr_expect_not(sign_fits(&key, &wanted));
}

Test(sign, a_mechanism_of_another_type_does_not_fit)
{
    struct key key = rsa_key();
    struct wanted wanted = pkcs1();
    for (enum mechanism m = MECHANISM_NONE; m <= MECHANISM_COUNT; m++) {
        wanted.mechanism = m;
        bool rsa = m == MECHANISM_RSA_PKCS1 || m == MECHANISM_RSA_PSS;
        cr_expect_eq(sign_fits(&key, &wanted), rsa, "%d", (int)m);
    }
}

Test(sign, a_modulus_without_room_for_the_hash_does_not_fit)
{
    struct key key = rsa_key();
    struct wanted wanted = {MECHANISM_RSA_PSS, SG_HASH_SHA512, slice_of(DIGEST, 64)};
    key.raw_len = 129;
    cr_expect_not(sign_fits(&key, &wanted));
    key.raw_len = 130;
    cr_expect(sign_fits(&key, &wanted));
}

Test(sign, ed25519_takes_messages_up_to_the_limit_and_no_hash)
{
    static uint8_t message[SIGN_MESSAGE_MAX + 1];
    struct key key = {.type = KEY_ED25519, .raw_len = 64};
    struct wanted wanted = {MECHANISM_EDDSA, SG_HASH_NONE, slice_of(message, 4096)};
    cr_expect(sign_fits(&key, &wanted));
    wanted.input.len++;
    cr_expect_not(sign_fits(&key, &wanted));
    wanted.input.len = 32;
    wanted.hash = SG_HASH_SHA256;
    cr_expect_not(sign_fits(&key, &wanted));
}

/* OpenSSL's encoding of the same two numbers. */
static size_t reference(const struct signature *raw, uint8_t *out)
{
    int half = (int)raw->len / 2;
    ECDSA_SIG *numbers = ECDSA_SIG_new();
    cr_assert_eq(ECDSA_SIG_set0(numbers, BN_bin2bn(raw->data, half, NULL),
                                BN_bin2bn(raw->data + half, half, NULL)),
                 1);
    int len = i2d_ECDSA_SIG(numbers, &out);
    ECDSA_SIG_free(numbers);
    cr_assert(len > 0);
    return (size_t)len;
}

static void expect_der(const struct key *key, const struct signature *raw)
{
    uint8_t expected[256];
    struct signature out;
    cr_assert(sign_encode(key, raw, &out));
    size_t len = reference(raw, expected);
    cr_expect(slice_equal(slice_of(out.data, out.len), slice_of(expected, len)));
}

Test(sign, ecdsa_is_encoded_as_openssl_does_it)
{
    static const size_t sizes[] = {64, 96, 132};
    for (size_t s = 0; s < SG_COUNT(sizes); s++) {
        struct key key = {.type = KEY_EC, .raw_len = sizes[s]};
        struct signature raw = {.len = sizes[s]};
        expect_der(&key, &raw); /* both numbers zero */
        for (size_t zeros = 0; zeros < sizes[s] / 2; zeros++) {
            memset(raw.data, 0xff, raw.len);
            memset(raw.data, 0, zeros);
            expect_der(&key, &raw);
            raw.data[zeros] = 0x7f;
            expect_der(&key, &raw);
        }
    }
}

Test(sign, a_signature_of_another_length_is_not_encoded)
{
    struct key key = {.type = KEY_EC, .raw_len = 64};
    struct signature raw = {.len = 63};
    struct signature out;
    cr_expect_not(sign_encode(&key, &raw, &out));
    raw.len = 65;
    cr_expect_not(sign_encode(&key, &raw, &out));
}
