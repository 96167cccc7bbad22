#include <criterion/criterion.h>
#include <openssl/x509.h>

#include "tests/unit/hsm/support/rig.h"
#include "tests/unit/hsm/support/rite.h"

/* What follows a key's generation: request, certificate, end; and the PIN. */

#define ECDSA SEGEL__LANE__V1__MECHANISM__MECHANISM_ECDSA

static struct wish wish;

static void start(void)
{
    rite_make(&wish);
}

TestSuite(ceremony_life, .init = start, .fini = rig_remove, .timeout = 60);

static void fails(const Segel__Lane__V1__Ceremony *task, enum failure failure,
                  const char *part, bool untouched)
{
    rite_fails(&wish, task, failure, part, untouched);
}

/* --- Request and certificate -------------------------------------------------------- */

static X509_REQ *request(const char *id)
{
    Segel__Lane__V1__Ceremony task = rite_csr(id, "/C=ID/O=Kota\\/Kabupaten/CN=Segel");
    struct rite rite = rite_good(&wish, &task);
    const uint8_t *der = rite.done->csr.data;
    X509_REQ *made = d2i_X509_REQ(NULL, &der, (long)rite.done->csr.len);
    cr_assert_not_null(made);
    cr_expect_eq(X509_REQ_verify(made, X509_REQ_get0_pubkey(made)), 1);
    cr_expect(rite.done->untouched);
    rite_free(&rite);
    return made;
}

/* A certificate of this public key, in DER; signed by nobody that matters. */
static struct slice certificate(EVP_PKEY *public)
{
    static uint8_t der[4096];
    uint8_t *at = der;
    EVP_PKEY *ca = EVP_EC_gen("P-256");
    X509 *made = X509_new();
    X509_NAME *name = X509_get_subject_name(made);
    cr_assert_eq(ASN1_INTEGER_set(X509_get_serialNumber(made), 4711), 1);
    cr_assert_eq(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                            (const uint8_t *)"Segel", -1, -1, 0),
                 1);
    cr_assert_eq(X509_set_issuer_name(made, name), 1);
    (void)X509_gmtime_adj(X509_getm_notBefore(made), 0);
    (void)X509_gmtime_adj(X509_getm_notAfter(made), 86400);
    cr_assert_eq(X509_set_pubkey(made, public), 1);
    cr_assert_gt(X509_sign(made, ca, EVP_sha256()), 0);
    int len = i2d_X509(made, &at);
    cr_assert(len > 0 && (size_t)len <= sizeof(der));
    X509_free(made);
    EVP_PKEY_free(ca);
    return slice_of(der, (size_t)len);
}

static EVP_PKEY *generated(const char *id)
{
    Segel__Lane__V1__Ceremony task = rite_generate(id, "p-256", ECDSA);
    struct rite rite = rite_good(&wish, &task);
    rite_free(&rite);
    X509_REQ *made = request(id);
    EVP_PKEY *public = X509_REQ_get_pubkey(made);
    X509_REQ_free(made);
    return public;
}

Test(ceremony_life, a_request_is_signed_and_a_certificate_put_beside_its_key)
{
    EVP_PKEY *public = generated("0a");
    Segel__Lane__V1__Ceremony task = rite_import("0a", certificate(public));
    struct rite first = rite_good(&wish, &task);
    cr_expect_not(first.done->untouched);
    rite_free(&first);
    struct rite again = rite_good(&wish, &task);
    cr_expect(again.done->untouched);
    rite_free(&again);
    rite_holds(&wish, "0a", 1, 1, 1);
    task = rite_import("0a", certificate(public));
    fails(&task, FAILURE_CONFIG, "another certificate", true);
    EVP_PKEY_free(public);
}

Test(ceremony_life, a_certificate_of_another_key_is_refused)
{
    EVP_PKEY *other = EVP_EC_gen("P-256");
    EVP_PKEY *public = generated("0a");
    Segel__Lane__V1__Ceremony task = rite_import("0a", certificate(other));
    fails(&task, FAILURE_CONFIG, "of another key", true);
    task = rite_import("0a", slice_str("no certificate"));
    fails(&task, FAILURE_CONFIG, "no X.509", true);
    task = rite_import("0b", certificate(public));
    fails(&task, FAILURE_CONFIG, "not on the token", true);
    rite_holds(&wish, "0a", 1, 1, 0);
    EVP_PKEY_free(public);
    EVP_PKEY_free(other);
}

Test(ceremony_life, a_certificate_that_the_token_does_not_take_is_said)
{
    EVP_PKEY *public = generated("0a");
    Segel__Lane__V1__Ceremony task = rite_import("0a", certificate(public));
    rite_faulty(&wish, "C_CreateObject@1=31");
    fails(&task, FAILURE_DEVICE, "CKR_DEVICE_MEMORY", true);
    rite_holds(&wish, "0a", 1, 1, 0);
    EVP_PKEY_free(public);
}

/* --- The end of a key --------------------------------------------------------------- */

Test(ceremony_life, a_destroyed_key_is_looked_for_and_not_found)
{
    EVP_PKEY *public = generated("0a");
    Segel__Lane__V1__Ceremony task = rite_import("0a", certificate(public));
    struct rite imported = rite_good(&wish, &task);
    rite_free(&imported);
    EVP_PKEY_free(public);
    rig_twin("0a");
    rig_key("p-256", "0b", NULL);
    task = rite_destroy("0a");
    struct rite rite = rite_good(&wish, &task);
    cr_expect_eq(rite.done->destroyed->private_keys, 2);
    cr_expect_eq(rite.done->destroyed->public_keys, 2);
    cr_expect_eq(rite.done->destroyed->certificates, 1);
    cr_expect_eq(rite.done->presence->private_keys, 0);
    cr_expect(rite.done->presence->searched);
    rite_free(&rite);
    rite_holds(&wish, "0a", 0, 0, 0);
    rite_holds(&wish, "0b", 1, 1, 0);
    struct rite again = rite_good(&wish, &task);
    cr_expect_eq(again.done->destroyed->private_keys, 0);
    rite_free(&again);
}

Test(ceremony_life, a_destruction_that_stops_halfway_is_said_and_can_be_repeated)
{
    rig_key("p-256", "0a", NULL);
    Segel__Lane__V1__Ceremony task = rite_destroy("0a");
    rite_faulty(&wish, "C_DestroyObject@2=32");
    fails(&task, FAILURE_DEVICE, "not destroyed as a whole", false);
    rite_holds(&wish, "0a", 0, 1, 0);
    struct rite rite = rite_good(&wish, &task);
    rite_free(&rite);
    rite_holds(&wish, "0a", 0, 0, 0);
}

/* A module that says that it has destroyed a key, and has not. */
Test(ceremony_life, a_key_that_is_still_there_is_not_destroyed)
{
    rig_key("p-256", "0a", NULL);
    Segel__Lane__V1__Ceremony task = rite_destroy("0a");
    rite_faulty(&wish, "C_DestroyObject@1+=0");
    fails(&task, FAILURE_CONFIG, "still shows objects", false);
}

/* --- The PIN ------------------------------------------------------------------------ */

Test(ceremony_life, a_pin_is_changed_from_file_to_file)
{
    Segel__Lane__V1__Ceremony find = rite_find("0a");
    rig_write("new", "new-pin-of-16-ch\n");
    Segel__Lane__V1__Ceremony task = rite_change_pin(rig_path("new"));
    struct rite rite = rite_good(&wish, &task);
    rite_free(&rite);
    fails(&find, FAILURE_LATCHED, "CKR_PIN_INCORRECT", true);
    wish.pin_path = rig_path("new");
    struct rite found = rite_good(&wish, &find);
    rite_free(&found);
}

Test(ceremony_life, a_new_pin_that_the_token_does_not_like_latches_nothing)
{
    rig_write("new", "1\n");
    Segel__Lane__V1__Ceremony task = rite_change_pin(rig_path("new"));
    fails(&task, FAILURE_CONFIG, "does not take the new PIN", true);
    task = rite_change_pin(rig_path("pin"));
    fails(&task, FAILURE_CONFIG, "is the old one", true);
    rite_holds(&wish, "0a", 0, 0, 0);
}

/* --- Durable ------------------------------------------------------------------------ */

Test(ceremony_life, a_token_that_cannot_be_made_durable_is_said_before_it_is_changed)
{
    Segel__Lane__V1__Ceremony task = rite_generate("0a", "p-256", ECDSA);
    const char *tokens = wish.read_only;
    wish.read_only = "/nowhere";
    fails(&task, FAILURE_CONFIG, "cannot be opened", true);
    wish.read_only = tokens;
    rite_holds(&wish, "0a", 0, 0, 0);
}

/* The key is there: nobody may take the name for free. */
Test(ceremony_life, a_change_that_is_not_durable_is_said)
{
    Segel__Lane__V1__Ceremony task = rite_generate("0a", "p-256", ECDSA);
    wish.no_sync = true;
    fails(&task, FAILURE_CONFIG, "could not be made durable", false);
    wish.no_sync = false;
    rite_holds(&wish, "0a", 1, 1, 0);
}
