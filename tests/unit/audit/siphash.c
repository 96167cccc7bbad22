#include "client/audit/siphash.h"

#include <criterion/criterion.h>
#include <endian.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

/* What OpenSSL makes of it. */
static void by_openssl(const uint8_t key[16], struct slice text, uint8_t out[16])
{
    size_t wide = 16;
    size_t len = 0;
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "SIPHASH", NULL);
    EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(mac);
    OSSL_PARAM parts[] = {OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &wide),
                          OSSL_PARAM_construct_end()};

    cr_assert_eq(EVP_MAC_init(ctx, key, 16, parts), 1);
    cr_assert_eq(EVP_MAC_update(ctx, text.data, text.len), 1);
    cr_assert_eq(EVP_MAC_final(ctx, out, &len, 16), 1);
    cr_assert_eq(len, 16);
    EVP_MAC_CTX_free(ctx);
    EVP_MAC_free(mac);
}

Test(siphash, each_length_gives_what_openssl_gives)
{
    uint8_t key[16];
    uint8_t text[300];
    uint8_t wanted[16];
    struct siphash_key words;
    uint64_t found[2];

    for (size_t i = 0; i < sizeof(text); i++) {
        text[i] = (uint8_t)(i * 7 + 3);
    }
    for (size_t i = 0; i < sizeof(key); i++) {
        key[i] = (uint8_t)(0xf0 - i);
    }
    memcpy(&words, key, sizeof(words));
    words.word[0] = le64toh(words.word[0]);
    words.word[1] = le64toh(words.word[1]);
    for (size_t len = 0; len <= sizeof(text); len++) {
        struct slice some = slice_of(text, len);
        siphash(&words, some, found);
        found[0] = htole64(found[0]);
        found[1] = htole64(found[1]);
        by_openssl(key, some, wanted);
        cr_assert_arr_eq((const uint8_t *)found, wanted, 16, "length %zu", len);
    }
}
