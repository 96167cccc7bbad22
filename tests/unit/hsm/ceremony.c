#include "hsm/ceremony/ceremony.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

#include "tests/unit/hsm/support/rig.h"
#include "tests/unit/hsm/support/rite.h"

/* Ceremonies on a real SoftHSM token, and on one that fails on command. */

#define ECDSA SEGEL__LANE__V1__MECHANISM__MECHANISM_ECDSA
#define PKCS1 SEGEL__LANE__V1__MECHANISM__MECHANISM_RSA_PKCS1
#define PSS   SEGEL__LANE__V1__MECHANISM__MECHANISM_RSA_PSS
#define EDDSA SEGEL__LANE__V1__MECHANISM__MECHANISM_EDDSA

static struct wish wish;

static void start(void)
{
    rite_make(&wish);
}

TestSuite(ceremony, .init = start, .fini = rig_remove, .timeout = 60);

static void fails(const Segel__Lane__V1__Ceremony *task, enum failure failure,
                  const char *part, bool untouched)
{
    rite_fails(&wish, task, failure, part, untouched);
}

static void generates(const char *kind, Segel__Lane__V1__Mechanism allowed,
                      CK_MECHANISM_TYPE generation, CK_MECHANISM_TYPE only)
{
    const uint32_t on = 1U << KEY_ATTRIBUTE_LOCAL | 1U << KEY_ATTRIBUTE_SENSITIVE |
                        1U << KEY_ATTRIBUTE_ALWAYS_SENSITIVE |
                        1U << KEY_ATTRIBUTE_NEVER_EXTRACTABLE | 1U << KEY_ATTRIBUTE_SIGN |
                        1U << KEY_ATTRIBUTE_DESTROYABLE;
    Segel__Lane__V1__Ceremony task = rite_generate("0a0b", kind, allowed);
    task.generate->start_date = (char *)sg_unconst("20260101");
    task.generate->end_date = (char *)sg_unconst("20280101");
    struct rite rite = rite_good(&wish, &task);
    const Segel__Lane__V1__CeremonyDone *done = rite.done;
    cr_expect_not(done->untouched);
    cr_expect_str_eq(done->token->label, RIG_LABEL);
    cr_expect_str_eq(done->token->manufacturer, "SoftHSM project");
    cr_expect_eq(done->key->attributes, on, "%x", done->key->attributes);
    cr_expect_eq(done->key->known, (1U << KEY_ATTRIBUTE_COUNT) - 1);
    cr_expect_eq(done->key->generation_mechanism, generation);
    cr_expect_eq(done->key->n_allowed_mechanisms, 1);
    cr_expect_eq(done->key->allowed_mechanisms[0], only);
    cr_expect_str_eq(done->key->end_date, "20280101");
    cr_expect_str_eq(done->label, "seal");
    cr_expect_str_eq(done->left_out, "");
    cr_expect_gt(done->key->subject_public_key_info.len, 40);
    cr_assert_eq(done->n_checks, NEGATIVE_COUNT);
    for (size_t i = 0; i < done->n_checks; i++) {
        cr_expect(done->checks[i]->refused, "%s: %s", done->checks[i]->name,
                  done->checks[i]->code);
        cr_expect_neq(done->checks[i]->rv, CKR_OK);
    }
    rite_free(&rite);
    rite_holds(&wish, "0a0b", 1, 1, 0);
}

Test(ceremony, an_rsa_key_is_made_read_back_and_tried)
{
    generates("rsa-2048", PKCS1, CKM_RSA_PKCS_KEY_PAIR_GEN, CKM_RSA_PKCS);
}

Test(ceremony, a_pss_key_does_nothing_else)
{
    generates("rsa-2048", PSS, CKM_RSA_PKCS_KEY_PAIR_GEN, CKM_RSA_PKCS_PSS);
}

Test(ceremony, a_p_256_key_is_made)
{
    generates("p-256", ECDSA, CKM_EC_KEY_PAIR_GEN, CKM_ECDSA);
}

Test(ceremony, an_ed25519_key_is_made)
{
    generates("ed25519", EDDSA, CKM_EC_EDWARDS_KEY_PAIR_GEN, CKM_EDDSA);
}

Test(ceremony, the_answers_name_the_codes_of_the_refusals)
{
    Segel__Lane__V1__Ceremony task = rite_generate("0a", "p-256", ECDSA);
    struct rite rite = rite_good(&wish, &task);
    cr_expect_str_eq(rite.done->checks[NEGATIVE_DECRYPT]->name,
                     "set CKA_DECRYPT to true");
    cr_expect_str_eq(rite.done->checks[NEGATIVE_DECRYPT]->code, "CKR_ACTION_PROHIBITED");
    cr_expect_str_eq(rite.done->checks[NEGATIVE_MECHANISM]->code,
                     "CKR_MECHANISM_INVALID");
    rite_free(&rite);
}

Test(ceremony, an_id_is_never_used_twice)
{
    Segel__Lane__V1__Ceremony task = rite_generate("0a", "p-256", ECDSA);
    struct rite rite = rite_good(&wish, &task);
    rite_free(&rite);
    fails(&task, FAILURE_CONFIG, "already", true);
    rite_holds(&wish, "0a", 1, 1, 0);
}

Test(ceremony, nonsense_is_refused_before_the_token_is_opened)
{
    Segel__Lane__V1__Ceremony task = rite_generate("0a", "rsa-1024", PKCS1);
    rite_faulty(&wish, "");
    fails(&task, FAILURE_CONFIG, "out of bounds", true);
    task = rite_generate("0a", "p-256", PKCS1);
    fails(&task, FAILURE_CONFIG, "out of bounds", true);
    task = rite_generate("", "p-256", ECDSA);
    fails(&task, FAILURE_CONFIG, "out of bounds", true);
    task = rite_generate("0a", "p-256", ECDSA);
    task.generate->end_date = (char *)sg_unconst("20280230");
    fails(&task, FAILURE_CONFIG, "YYYYMMDD", true);
    cr_expect_eq(rig_calls("C_Login"), 0);
}

Test(ceremony, a_packet_that_is_none_ends_it)
{
    Segel__Lane__V1__Ceremony task;
    segel__lane__v1__ceremony__init(&task);
    struct rite rite = rite_run(&wish, &task);
    cr_assert_not_null(rite.done);
    cr_assert_not_null(rite.done->failed);
    rite_free(&rite);
}

/* --- What a module may do ----------------------------------------------------------- */

static void not_refused(const char *schedule, enum negative which)
{
    Segel__Lane__V1__Ceremony task = rite_generate("0a", "rsa-2048", PKCS1);
    rite_faulty(&wish, schedule);
    struct rite rite = rite_run(&wish, &task);
    cr_assert_not_null(rite.done);
    cr_assert_not_null(rite.done->failed, "%s", schedule);
    cr_expect_not_null(strstr(rite.done->failed->why, "did not refuse to"), "%s",
                       rite.done->failed->why);
    cr_assert_eq(rite.done->n_checks, NEGATIVE_COUNT);
    for (size_t i = 0; i < NEGATIVE_COUNT; i++) {
        cr_expect_eq(rite.done->checks[i]->refused, i != which, "%zu", i);
    }
    cr_expect_not(rite.done->untouched);
    cr_expect_not_null(rite.done->key);
    rite_free(&rite);
}

Test(ceremony, a_token_that_lets_a_key_decrypt_is_found_out)
{
    not_refused("C_SetAttributeValue@1=0", NEGATIVE_DECRYPT);
}

Test(ceremony, a_token_that_lets_a_key_be_extracted_is_found_out)
{
    not_refused("C_SetAttributeValue@2=0", NEGATIVE_EXTRACTABLE);
}

Test(ceremony, a_token_that_lets_a_key_be_copied_is_found_out)
{
    not_refused("C_CopyObject@1=0", NEGATIVE_COPY);
}

Test(ceremony, a_token_that_does_not_keep_to_the_mechanism_it_took_is_found_out)
{
    not_refused("C_SignInit@1=0 C_Sign@1=0", NEGATIVE_MECHANISM);
}

/* Only known of tokens without CKA_ALLOWED_MECHANISMS: the policy decides about them. */
Test(ceremony, a_token_that_signs_in_another_way_is_told)
{
    Segel__Lane__V1__Ceremony task = rite_generate("0a", "rsa-2048", PKCS1);
    /* What is left out of the first four templates is not the list. */
    rite_faulty(&wish, "C_GenerateKeyPair@1=12 C_GenerateKeyPair@2=12 "
                       "C_GenerateKeyPair@3=12 C_GenerateKeyPair@4=12");
    struct rite rite = rite_good(&wish, &task);
    cr_expect_not(rite.done->checks[NEGATIVE_MECHANISM]->refused);
    cr_expect_str_eq(rite.done->left_out, "allowed_mechanisms");
    rite_free(&rite);
}

Test(ceremony, a_full_token_is_said_and_holds_nothing_new)
{
    Segel__Lane__V1__Ceremony task = rite_generate("0a", "p-256", ECDSA);
    rite_faulty(&wish, "C_GenerateKeyPair@1+=31");
    fails(&task, FAILURE_DEVICE, "CKR_DEVICE_MEMORY", true);
    rite_holds(&wish, "0a", 0, 0, 0);
}

/* The fourth search is the one after the call that fails: it fails as well. */
Test(ceremony, a_token_pulled_before_the_key_is_made_is_said)
{
    Segel__Lane__V1__Ceremony task = rite_generate("0a", "p-256", ECDSA);
    rite_faulty(&wish, "C_GenerateKeyPair@1+=32 C_FindObjectsInit@4+=32");
    fails(&task, FAILURE_DEVICE, "CKR_DEVICE_REMOVED", false);
    rite_holds(&wish, "0a", 0, 0, 0);
}

Test(ceremony, a_token_pulled_after_the_key_was_made_is_not_taken_for_untouched)
{
    Segel__Lane__V1__Ceremony task = rite_generate("0a", "p-256", ECDSA);
    rite_faulty(&wish, "C_FindObjectsInit@4+=e0");
    fails(&task, FAILURE_DEVICE, "CKR_TOKEN_NOT_PRESENT", false);
    rite_holds(&wish, "0a", 1, 1, 0);
}

Test(ceremony, a_token_pulled_during_the_trials_has_refused_nothing)
{
    Segel__Lane__V1__Ceremony task = rite_generate("0a", "p-256", ECDSA);
    rite_faulty(&wish, "C_CopyObject@1=32");
    fails(&task, FAILURE_DEVICE, "CKR_DEVICE_REMOVED", false);
}

Test(ceremony, a_death_in_the_middle_leaves_what_find_tells)
{
    Segel__Lane__V1__Ceremony task = rite_generate("0a", "p-256", ECDSA);
    rite_faulty(&wish, "C_GenerateKeyPair@1=kill");
    struct rite before = rite_run(&wish, &task);
    cr_expect_null(before.done);
    cr_expect_eq(before.code, 128 + SIGKILL);
    rite_holds(&wish, "0a", 0, 0, 0);
    rite_faulty(&wish, "C_SetAttributeValue@1=kill");
    struct rite after = rite_run(&wish, &task);
    cr_expect_null(after.done);
    rite_holds(&wish, "0a", 1, 1, 0);
}

Test(ceremony, a_wrong_pin_is_tried_once_and_latches)
{
    Segel__Lane__V1__Ceremony task = rite_generate("0a", "p-256", ECDSA);
    rite_faulty(&wish, "");
    rig_write("wrong", "99999999\n");
    wish.pin_path = rig_path("wrong");
    fails(&task, FAILURE_LATCHED, "CKR_PIN_INCORRECT", true);
    cr_expect_eq(rig_calls("C_Login"), 1);
    cr_expect_eq(rig_calls("C_GenerateKeyPair"), 0);
}

static void expect_login(enum mark_login login)
{
    Segel__Lane__V1__Ceremony task = rite_find("0a");
    struct rite rite = rite_run(&wish, &task);
    cr_assert_not_null(rite.done);
    cr_expect_eq(rite.done->login, (uint32_t)login);
    rite_free(&rite);
}

Test(ceremony, tells_whether_a_pin_was_tried)
{
    rite_faulty(&wish, "C_Login@1=80000001");
    expect_login(MARK_LOGIN_UNTOLD);
    rite_faulty(&wish, "C_FindObjectsInit@1=30");
    expect_login(MARK_LOGIN_WELL);
    wish.pin_path = "/nowhere/pin";
    expect_login(MARK_LOGIN_AHEAD);
}

Test(ceremony, no_login_is_tried_when_the_next_error_would_lock_the_token)
{
    Segel__Lane__V1__Ceremony task = rite_destroy("0a");
    rite_faulty(&wish, "C_GetTokenInfo@1+=finaltry");
    fails(&task, FAILURE_LATCHED, "one more wrong PIN", true);
    cr_expect_eq(rig_calls("C_Login"), 0);
}

/* --- Alone on the token ------------------------------------------------------------- */

Test(ceremony, is_refused_while_a_lane_holds_the_token)
{
    Segel__Lane__V1__Ceremony task = rite_generate("0a", "p-256", ECDSA);
    struct wish lane = peer_wish("a1");
    lane.read_only = wish.read_only;
    struct peer peer = peer_opened(&lane);
    fails(&task, FAILURE_DEVICE, "a lane or another ceremony uses token", true);
    (void)peer_stop(&peer);
    struct rite rite = rite_good(&wish, &task);
    rite_free(&rite);
}

static void *stop_soon(void *peer)
{
    static const struct timespec soon = {.tv_nsec = 300000000};

    (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &soon, NULL);
    (void)peer_stop((struct peer *)peer);
    return NULL;
}

Test(ceremony, a_lane_that_is_just_going_is_waited_for)
{
    Segel__Lane__V1__Ceremony task = rite_generate("0a", "p-256", ECDSA);
    struct wish lane = peer_wish("a1");
    pthread_t stopping;

    lane.read_only = wish.read_only;
    struct peer peer = peer_opened(&lane);
    cr_assert_eq(pthread_create(&stopping, NULL, stop_soon, &peer), 0);
    struct rite rite = rite_good(&wish, &task);
    rite_free(&rite);
    cr_assert_eq(pthread_join(stopping, NULL), 0);
}

Test(ceremony, keygen_is_refused_while_a_lane_holds_the_token)
{
    struct wish lane = peer_wish("a1");
    lane.read_only = wish.read_only;
    struct peer peer = peer_opened(&lane);
    struct output made = rig_run("keygen", "--module", RIG_MODULE, "--token", RIG_LABEL,
                                 "--pin-file", rig_path("pin"), "--type", "p-256",
                                 "--name", "x", "--sync", rig_path("tokens"), NULL);
    cr_expect_eq(made.code, 1);
    cr_expect_not_null(strstr(made.errors, "stop its lane first"), "%s", made.errors);
    (void)peer_stop(&peer);
}

Test(ceremony, two_lanes_share_a_token)
{
    struct wish lane = peer_wish("a1");
    lane.read_only = wish.read_only;
    struct peer one = peer_opened(&lane);
    struct peer two = peer_opened(&lane);
    (void)peer_stop(&two);
    (void)peer_stop(&one);
}
