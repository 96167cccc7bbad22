#include "hsm/token/mechanism.h"

#include <criterion/criterion.h>

static const struct key RSA_2048 = {.type = KEY_RSA, .bits = 2048};
static const struct key P_521 = {.type = KEY_EC, .bits = 521};
static const struct key ED25519 = {.type = KEY_ED25519, .bits = 255};

enum {
    PKCS1 = 1 << MECHANISM_RSA_PKCS1,
    PSS = 1 << MECHANISM_RSA_PSS,
    ECDSA = 1 << MECHANISM_ECDSA,
    EDDSA = 1 << MECHANISM_EDDSA
};

/* A token that offers all to keys of these sizes. */
static struct mechanism_offers offers(CK_ULONG smallest, CK_ULONG largest)
{
    struct mechanism_offers made = {0};
    for (enum mechanism m = MECHANISM_NONE + 1; m < MECHANISM_COUNT; m++) {
        made.of[m] = (struct mechanism_offer){true, smallest, largest};
    }
    return made;
}

Test(mechanism, a_key_gets_what_its_type_can_do)
{
    const struct mechanism_offers all = offers(0, 0);
    const struct key none = {.type = KEY_NONE};
    cr_expect_eq(mechanism_fit(&all, &RSA_2048), PKCS1 | PSS);
    cr_expect_eq(mechanism_fit(&all, &P_521), ECDSA);
    cr_expect_eq(mechanism_fit(&all, &ED25519), EDDSA);
    cr_expect_eq(mechanism_fit(&all, &none), 0);
}

Test(mechanism, what_the_token_does_not_offer_is_not_there)
{
    struct mechanism_offers some = offers(0, 0);
    some.of[MECHANISM_RSA_PSS].offered = false;
    some.of[MECHANISM_EDDSA].offered = false;
    cr_expect_eq(mechanism_fit(&some, &RSA_2048), PKCS1);
    cr_expect_eq(mechanism_fit(&some, &ED25519), 0);
}

Test(mechanism, what_the_key_forbids_is_not_there)
{
    const struct mechanism_offers all = offers(0, 0);
    struct key key = RSA_2048;
    key.allowed[0] = CKM_RSA_PKCS_PSS;
    key.allowed_count = 1;
    cr_expect_eq(mechanism_fit(&all, &key), PSS);
    key.allowed[0] = CKM_SHA256_RSA_PKCS; /* hashes in the token: of no use to us */
    cr_expect_eq(mechanism_fit(&all, &key), 0);
}

static void rsa_fits(CK_ULONG smallest, CK_ULONG largest, uint32_t bits)
{
    const struct mechanism_offers some = offers(smallest, largest);
    cr_expect_eq(mechanism_fit(&some, &RSA_2048), bits, "%lu to %lu", smallest, largest);
}

Test(mechanism, sizes_are_bits_or_bytes_and_nothing_when_unknown)
{
    rsa_fits(512, 16384, PKCS1 | PSS);
    rsa_fits(2048, 2048, PKCS1 | PSS);
    rsa_fits(128, 512, PKCS1 | PSS); /* bytes */
    rsa_fits(512, 1024, 0);
    rsa_fits(3072, 4096, 0);
    rsa_fits(3072, 0, 0);
    rsa_fits(0, 1024, PKCS1 | PSS); /* 256 bytes are below it */
    rsa_fits(0, 255, 0);
    const struct mechanism_offers bytes = offers(20, 66);
    cr_expect_eq(mechanism_fit(&bytes, &P_521), ECDSA);
}

/* SoftHSM tells 256 to 456. */
Test(mechanism, the_size_of_ed25519_is_not_compared)
{
    const struct mechanism_offers all = offers(256, 456);
    cr_expect_eq(mechanism_fit(&all, &ED25519), EDDSA);
}

static CK_RV answer;
static CK_MECHANISM_INFO answer_info;

static CK_RV tell(CK_SLOT_ID slot, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO *info)
{
    *info = answer_info;
    return slot == 7 && type == CKM_ECDSA ? CKR_MECHANISM_INVALID : answer;
}

static struct mechanism_offers probe(CK_SLOT_ID slot, CK_RV rv, CK_FLAGS flags)
{
    CK_FUNCTION_LIST fn = {.C_GetMechanismInfo = tell};
    const struct token token = {.fn = &fn, .slot = slot};
    struct mechanism_offers made;
    answer = rv;
    answer_info = (CK_MECHANISM_INFO){256, CK_UNAVAILABLE_INFORMATION, flags};
    mechanism_probe(&token, &made);
    return made;
}

Test(mechanism, only_what_signs_is_offered)
{
    struct mechanism_offers made = probe(7, CKR_OK, CKF_SIGN | CKF_VERIFY);
    cr_expect(made.of[MECHANISM_RSA_PSS].offered);
    cr_expect_eq(made.of[MECHANISM_RSA_PSS].smallest, 256);
    cr_expect_eq(made.of[MECHANISM_RSA_PSS].largest, 0);
    cr_expect_not(made.of[MECHANISM_ECDSA].offered);
    made = probe(7, CKR_OK, CKF_VERIFY);
    cr_expect_not(made.of[MECHANISM_RSA_PSS].offered);
}

Test(mechanism, a_module_without_an_answer_is_taken_to_offer_all)
{
    struct mechanism_offers made = probe(1, CKR_FUNCTION_NOT_SUPPORTED, 0);
    cr_expect_eq(mechanism_fit(&made, &RSA_2048), PKCS1 | PSS);
    cr_expect_eq(mechanism_fit(&made, &P_521), ECDSA);
    made = probe(7, CKR_FUNCTION_NOT_SUPPORTED, 0); /* it does answer for ECDSA */
    cr_expect_eq(mechanism_fit(&made, &RSA_2048), 0);
}

Test(mechanism, a_number_that_is_none_has_no_key_type)
{
    cr_expect_eq(mechanism_key_type(MECHANISM_NONE), KEY_NONE);
    cr_expect_eq(mechanism_key_type(MECHANISM_COUNT), KEY_NONE);
    cr_expect_eq(mechanism_key_type((enum mechanism) - 1), KEY_NONE);
}
