#include <criterion/criterion.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

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

Test(ceremony_life, a_request_is_signed_and_a_certificate_put_beside_its_key)
{
    EVP_PKEY *public = rite_key(&wish, "0a");
    Segel__Lane__V1__Ceremony task = rite_import("0a", rite_certificate(public));
    struct rite first = rite_good(&wish, &task);
    cr_expect_not(first.done->untouched);
    rite_free(&first);
    struct rite again = rite_good(&wish, &task);
    cr_expect(again.done->untouched);
    rite_free(&again);
    rite_holds(&wish, "0a", 1, 1, 1);
    task = rite_import("0a", rite_certificate(public));
    fails(&task, FAILURE_CONFIG, "another certificate", true);
    EVP_PKEY_free(public);
}

Test(ceremony_life, a_certificate_of_another_key_is_refused)
{
    EVP_PKEY *other = EVP_EC_gen("P-256");
    EVP_PKEY *public = rite_key(&wish, "0a");
    Segel__Lane__V1__Ceremony task = rite_import("0a", rite_certificate(other));
    fails(&task, FAILURE_CONFIG, "of another key", true);
    task = rite_import("0a", slice_str("no certificate"));
    fails(&task, FAILURE_CONFIG, "no X.509", true);
    task = rite_import("0b", rite_certificate(public));
    fails(&task, FAILURE_CONFIG, "not on the token", true);
    rite_holds(&wish, "0a", 1, 1, 0);
    EVP_PKEY_free(public);
    EVP_PKEY_free(other);
}

Test(ceremony_life, a_certificate_that_the_token_does_not_take_is_said)
{
    EVP_PKEY *public = rite_key(&wish, "0a");
    Segel__Lane__V1__Ceremony task = rite_import("0a", rite_certificate(public));
    rite_faulty(&wish, "C_CreateObject@1=31");
    fails(&task, FAILURE_DEVICE, "CKR_DEVICE_MEMORY", true);
    rite_holds(&wish, "0a", 1, 1, 0);
    EVP_PKEY_free(public);
}

/* --- The end of a key --------------------------------------------------------------- */

Test(ceremony_life, a_destroyed_key_is_looked_for_and_not_found)
{
    EVP_PKEY *public = rite_key(&wish, "0a");
    Segel__Lane__V1__Ceremony task = rite_import("0a", rite_certificate(public));
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

#define NEW "new-pin-of-16-ch"

/* The token knows this PIN, which stands in this file. */
static void knows(const char *file)
{
    Segel__Lane__V1__Ceremony find = rite_find("0a");
    wish.typed = NULL;
    wish.module = RIG_MODULE;
    wish.pin_path = file;
    struct rite rite = rite_good(&wish, &find);
    rite_free(&rite);
}

static bool there(const char *path, const char *end)
{
    char name[300];
    (void)snprintf(name, sizeof(name), "%s%s", path, end);
    return access(name, F_OK) == 0;
}

static void holds(const char *path, const char *text)
{
    char found[64] = "";
    FILE *file = fopen(path, "r");
    cr_assert_not_null(file);
    cr_assert_not_null(fgets(found, sizeof(found), file));
    (void)fclose(file);
    cr_expect_str_eq(found, text);
    cr_expect_not(there(path, ".new"));
    cr_expect_not(there(path, ".try"));
}

Test(ceremony_life, a_pin_is_changed_and_its_file_replaced)
{
    struct stat before;
    struct stat after;
    Segel__Lane__V1__Ceremony task = rite_change_pin();
    cr_assert_eq(chmod(wish.pin_path, 0440), 0);
    cr_assert_eq(stat(wish.pin_path, &before), 0);
    wish.typed = NEW;
    struct rite rite = rite_good(&wish, &task);
    rite_free(&rite);
    holds(wish.pin_path, NEW "\n");
    cr_assert_eq(stat(wish.pin_path, &after), 0);
    cr_expect_eq(after.st_mode, before.st_mode);
    cr_expect_eq(after.st_gid, before.st_gid);
    knows(wish.pin_path);
}

Test(ceremony_life, a_typed_pin_is_changed_by_the_old_one_and_the_new)
{
    char both[80];
    Segel__Lane__V1__Ceremony task = rite_change_pin();
    const char *file = wish.pin_path;
    (void)snprintf(both, sizeof(both), "%s\n" NEW, rig_pin());
    wish.pin_path = "";
    wish.typed = both;
    struct rite rite = rite_good(&wish, &task);
    rite_free(&rite);
    rig_write("new", NEW "\n");
    knows(rig_path("new"));
    wish.pin_path = file;
    Segel__Lane__V1__Ceremony find = rite_find("0a");
    fails(&find, FAILURE_LATCHED, "CKR_PIN_INCORRECT", true);
}

Test(ceremony_life, one_pin_is_not_two)
{
    Segel__Lane__V1__Ceremony task = rite_change_pin();
    const char *file = wish.pin_path;
    const char *const halves[] = {NEW, "\n" NEW, NEW "\n"};
    wish.pin_path = "";
    for (size_t i = 0; i < SG_COUNT(halves); i++) {
        wish.typed = halves[i];
        fails(&task, FAILURE_DEVICE, "did not come whole", true);
    }
    knows(file);
}

Test(ceremony_life, a_new_pin_that_the_token_does_not_like_latches_nothing)
{
    Segel__Lane__V1__Ceremony task = rite_change_pin();
    char old[40];
    (void)snprintf(old, sizeof(old), "%s\n", rig_pin());
    wish.typed = "1";
    fails(&task, FAILURE_CONFIG, "does not take the new PIN", true);
    wish.typed = rig_pin();
    fails(&task, FAILURE_CONFIG, "is the old one", true);
    holds(wish.pin_path, old);
    knows(wish.pin_path);
}

/* A mutant of SoftHSM that says OK to C_SetPIN and changes nothing. */
Test(ceremony_life, a_change_that_the_token_only_says_is_found_by_a_login)
{
    Segel__Lane__V1__Ceremony task = rite_change_pin();
    wish.typed = NEW;
    rite_faulty(&wish, "C_SetPIN@1=0");
    fails(&task, FAILURE_LATCHED, "CKR_PIN_INCORRECT", false);
    cr_expect(there(wish.pin_path, ".try"));
    knows(wish.pin_path);
}

/* The old PIN was good, but who asks for another one tells it the token once more. */
Test(ceremony_life, a_change_that_fails_is_not_told_as_a_login_that_went_well)
{
    Segel__Lane__V1__Ceremony task = rite_change_pin();
    wish.typed = NEW;
    rite_faulty(&wish, "C_SetPIN@1=80000001");
    struct rite rite = rite_run(&wish, &task);
    cr_assert_not_null(rite.done);
    cr_expect_eq(rite.done->login, (uint32_t)MARK_LOGIN_UNTOLD);
    rite_free(&rite);
}

Test(ceremony_life, a_file_that_cannot_be_replaced_leaves_the_token_alone)
{
    Segel__Lane__V1__Ceremony task = rite_change_pin();
    const char *file = wish.pin_path;
    char link[256];
    (void)snprintf(link, sizeof(link), "%s", rig_path("link"));
    cr_assert_eq(symlink(file, link), 0);
    wish.pin_path = link;
    wish.typed = NEW;
    fails(&task, FAILURE_CONFIG, "cannot be replaced", true);
    knows(file);
}

/* --- A change that broke off -------------------------------------------------------- */

static void dies(const char *schedule)
{
    Segel__Lane__V1__Ceremony task = rite_change_pin();
    wish.typed = NEW;
    rite_faulty(&wish, schedule);
    struct rite rite = rite_run(&wish, &task);
    cr_assert_null(rite.done, "it did not die");
    rite_free(&rite);
    wish.module = RIG_MODULE;
    wish.typed = NULL;
}

Test(ceremony_life, what_the_token_may_have_been_told_is_tried_once_and_counts)
{
    Segel__Lane__V1__Ceremony settle = rite_settle_pin();
    dies("C_Logout@1=kill");
    struct rite rite = rite_good(&wish, &settle);
    cr_expect_not(rite.done->untouched);
    rite_free(&rite);
    holds(wish.pin_path, NEW "\n");
    knows(wish.pin_path);
}

Test(ceremony_life, what_the_token_was_not_told_is_one_refused_login)
{
    Segel__Lane__V1__Ceremony settle = rite_settle_pin();
    dies("C_SetPIN@1=kill");
    fails(&settle, FAILURE_LATCHED, "pin.try", true);
    knows(wish.pin_path);
}

Test(ceremony_life, a_pin_that_was_only_written_down_needs_no_login)
{
    char new[300];
    Segel__Lane__V1__Ceremony settle = rite_settle_pin();
    (void)snprintf(new, sizeof(new), "%s.new", wish.pin_path);
    FILE *file = fopen(new, "w");
    cr_assert_not_null(file);
    cr_assert_gt(fprintf(file, NEW), 0);
    (void)fclose(file);
    rite_faulty(&wish, "C_Login@1+=a0");
    struct rite rite = rite_good(&wish, &settle);
    cr_expect(rite.done->untouched);
    rite_free(&rite);
    cr_expect_not(there(wish.pin_path, ".new"));
    knows(wish.pin_path);
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
