#include "proto/digest.h"

#include <criterion/criterion.h>
#include <string.h>

#define ZEROS_62 "00000000000000000000000000000000000000000000000000000000000000"

static enum sg_status parse(const char *text, struct digest *out)
{
    return digest_parse(slice_str(text), out);
}

Test(digest, is_a_name_and_as_many_digits_as_its_hash_has)
{
    struct digest digest;

    cr_assert(parse("sha256:" ZEROS_62 "aF", &digest) == SG_OK);
    cr_expect(digest.hash == SG_HASH_SHA256 && digest.bytes[31] == 0xaf);
    cr_assert(parse("sha384:" ZEROS_62 ZEROS_62, &digest) == SG_INVALID);
    cr_assert(parse("sha384:" ZEROS_62 "0000"
                    "000000000000000000000000000001",
                    &digest) == SG_OK);
    cr_expect(digest.hash == SG_HASH_SHA384 && digest.bytes[47] == 1);
    cr_assert(parse("sha512:" ZEROS_62 "00" ZEROS_62 "02", &digest) == SG_OK);
    cr_expect(digest.hash == SG_HASH_SHA512 && digest.bytes[63] == 2);
}

Test(digest, refuses_everything_else)
{
    static const char *const bad[] = {
        "",
        ":",
        "sha256",
        "sha256:",
        "sha256:" ZEROS_62,
        "sha256:" ZEROS_62 "0",
        "sha256:" ZEROS_62 "000",
        "sha256:" ZEROS_62 "0g",
        "SHA256:" ZEROS_62 "00",
        "sha1:" ZEROS_62 "00",
        "none:",
        "none:" ZEROS_62 "00",
        ZEROS_62 "00",
        ":" ZEROS_62 "00",
        "sha256 :" ZEROS_62 "00",
        " sha256:" ZEROS_62 "00",
        "sha256:" ZEROS_62 "00 ",
        "sha256:sha256:" ZEROS_62 "00",
    };
    struct digest digest;

    for (size_t i = 0; i < SG_COUNT(bad); i++) {
        cr_expect(parse(bad[i], &digest) == SG_INVALID, "%s", bad[i]);
    }
}

Test(digest, a_nul_in_the_name_is_no_end_of_it)
{
    char text[] = "sha256x:" ZEROS_62 "00";
    struct digest digest;

    text[6] = '\0';
    cr_expect(digest_parse(slice_of(text, sizeof(text) - 1), &digest) == SG_INVALID);
}

Test(digest, of_another_hash_is_no_sha256)
{
    uint8_t hash[32] = {7};

    cr_expect(digest_parse_sha256(slice_str("sha512:" ZEROS_62 "00" ZEROS_62 "00"),
                                  hash) == SG_INVALID);
    cr_expect(hash[0] == 7);
}

Test(digest, comes_back_as_it_was_written)
{
    char text[DIGEST_SHA256_SIZE];
    uint8_t hash[32];
    uint8_t read[32];

    for (size_t i = 0; i < sizeof(hash); i++) {
        hash[i] = (uint8_t)(i * 37);
    }
    digest_sha256_text(hash, text);
    cr_assert(strlen(text) == DIGEST_SHA256_SIZE - 1);
    cr_assert(digest_parse_sha256(slice_str(text), read) == SG_OK);
    cr_expect(memcmp(hash, read, sizeof(hash)) == 0);
}
