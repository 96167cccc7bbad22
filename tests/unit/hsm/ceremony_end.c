#include <criterion/criterion.h>
#include <openssl/x509.h>

#include "tests/unit/hsm/support/rig.h"
#include "tests/unit/hsm/support/rite.h"

/* Which key a destruction destroys. */

static struct wish wish;

static void start(void)
{
    rite_make(&wish);
}

TestSuite(ceremony_end, .init = start, .fini = rig_remove, .timeout = 60);

static void fails(const Segel__Lane__V1__Ceremony *task, enum failure failure,
                  const char *part, bool untouched)
{
    rite_fails(&wish, task, failure, part, untouched);
}

/* The order to destroy what has this id, if it is this key. */
static Segel__Lane__V1__Ceremony end_of(const char *id, EVP_PKEY *public)
{
    static uint8_t der[256];
    uint8_t *at = der;
    Segel__Lane__V1__Ceremony task = rite_destroy(id);
    int len = i2d_PUBKEY(public, &at);
    cr_assert(len > 0 && (size_t)len <= sizeof(der));
    task.destroy->subject_public_key_info.data = der;
    task.destroy->subject_public_key_info.len = (size_t)len;
    return task;
}

Test(ceremony_end, another_key_under_the_id_is_left_alone)
{
    EVP_PKEY *other = EVP_EC_gen("P-256");
    EVP_PKEY *public = rite_key(&wish, "0a");
    Segel__Lane__V1__Ceremony task = end_of("0a", other);
    fails(&task, FAILURE_CONFIG, "has another key under CKA_ID 0a", true);
    rite_holds(&wish, "0a", 1, 1, 0);
    rig_twin("0a");
    task = end_of("0a", public);
    fails(&task, FAILURE_CONFIG, "has another key under CKA_ID 0a", true);
    rite_holds(&wish, "0a", 2, 2, 0);
    EVP_PKEY_free(public);
    EVP_PKEY_free(other);
}

Test(ceremony_end, a_public_key_that_cannot_be_read_destroys_nothing)
{
    EVP_PKEY *public = rite_key(&wish, "0a");
    Segel__Lane__V1__Ceremony task = end_of("0a", public);
    task.destroy->subject_public_key_info.len--;
    fails(&task, FAILURE_CONFIG, "cannot be read", true);
    rite_holds(&wish, "0a", 1, 1, 0);
    EVP_PKEY_free(public);
}

/* Objects that the module says it has destroyed, and has not, are left. */
static void leave(const char *id, const char *schedule)
{
    Segel__Lane__V1__Ceremony task = rite_destroy(id);
    rite_faulty(&wish, schedule);
    fails(&task, FAILURE_CONFIG, "still shows objects", false);
    wish.module = RIG_MODULE;
}

/* Some tokens keep no public objects; a private key of a curve does not show its own. */
Test(ceremony_end, a_key_without_a_public_object_is_known_by_its_certificate)
{
    EVP_PKEY *bare = rite_key(&wish, "0a");
    leave("0a", "C_DestroyObject@1=0");
    rite_holds(&wish, "0a", 1, 0, 0);
    Segel__Lane__V1__Ceremony task = end_of("0a", bare);
    fails(&task, FAILURE_CONFIG, "does not show which key it has", true);
    rite_holds(&wish, "0a", 1, 0, 0);
    EVP_PKEY *public = rite_key(&wish, "0b");
    task = rite_import("0b", rite_certificate(public));
    struct rite rite = rite_good(&wish, &task);
    rite_free(&rite);
    leave("0b", "C_DestroyObject@1=0 C_DestroyObject@3=0");
    rite_holds(&wish, "0b", 1, 0, 1);
    task = end_of("0b", bare);
    fails(&task, FAILURE_CONFIG, "has another key under CKA_ID 0b", true);
    task = end_of("0b", public);
    rite = rite_good(&wish, &task);
    rite_free(&rite);
    rite_holds(&wish, "0b", 0, 0, 0);
    EVP_PKEY_free(public);
    EVP_PKEY_free(bare);
}

static EVP_PKEY *found(const char *id)
{
    Segel__Lane__V1__Ceremony task = rite_find(id);
    struct rite rite = rite_good(&wish, &task);
    const uint8_t *der = rite.done->key->subject_public_key_info.data;
    EVP_PKEY *public =
        d2i_PUBKEY(NULL, &der, (long)rite.done->key->subject_public_key_info.len);
    cr_assert_not_null(public);
    rite_free(&rite);
    return public;
}

/* Two keys of one id, told apart by their labels. */
Test(ceremony_end, a_label_that_is_configured_says_which_key_goes)
{
    char name[] = "theirs";
    rig_key_named(1, "theirs");
    EVP_PKEY *theirs = found("69");
    rig_key_named(1, "ours");
    Segel__Lane__V1__Ceremony task = end_of("69", theirs);
    fails(&task, FAILURE_CONFIG, "has another key under CKA_ID 69", true);
    task.destroy->label = name;
    struct rite rite = rite_good(&wish, &task);
    cr_expect_eq(rite.done->destroyed->private_keys, 1);
    cr_expect_eq(rite.done->destroyed->public_keys, 1);
    rite_free(&rite);
    rite_holds(&wish, "69", 1, 1, 0);
    EVP_PKEY *left = found("69");
    cr_expect_eq(EVP_PKEY_eq(left, theirs), 0);
    EVP_PKEY_free(left);
    EVP_PKEY_free(theirs);
}
