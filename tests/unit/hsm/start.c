#define _GNU_SOURCE  /* NOLINT(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) \
                      */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/hsm/support/peer.h"
#include "tests/unit/hsm/support/rig.h"

/* What a lane says when it starts, and what keeps it from starting. */
TestSuite(start, .init = rig_make, .fini = rig_remove, .timeout = 60);

Test(start, tells_of_token_and_key)
{
    rig_key("rsa-2048", "a1b2", NULL);
    struct wish wish = peer_wish("a1b2");
    wish.threads = 3;
    struct peer peer = peer_opened(&wish);
    const Segel__Lane__V1__KeyInfo *key = peer.opened->keys[0];
    const uint32_t on = SEGEL__LANE__V1__KEY_ATTRIBUTE__KEY_ATTRIBUTE_LOCAL |
                        SEGEL__LANE__V1__KEY_ATTRIBUTE__KEY_ATTRIBUTE_SENSITIVE |
                        SEGEL__LANE__V1__KEY_ATTRIBUTE__KEY_ATTRIBUTE_ALWAYS_SENSITIVE |
                        SEGEL__LANE__V1__KEY_ATTRIBUTE__KEY_ATTRIBUTE_NEVER_EXTRACTABLE |
                        SEGEL__LANE__V1__KEY_ATTRIBUTE__KEY_ATTRIBUTE_SIGN |
                        SEGEL__LANE__V1__KEY_ATTRIBUTE__KEY_ATTRIBUTE_DESTROYABLE;
    cr_expect_str_eq(peer.opened->token->label, RIG_LABEL);
    cr_expect_str_eq(peer.opened->token->manufacturer, "SoftHSM project");
    cr_expect_eq(peer.opened->threads, 3);
    cr_expect_str_eq(key->type, "rsa");
    cr_expect_eq(key->bits, 2048);
    cr_expect_eq(key->rsa_e, 65537);
    cr_expect_eq(key->known, (1U << 13) - 1);
    cr_expect_eq(key->attributes, on, "%x", key->attributes);
    cr_expect_eq(key->n_allowed_mechanisms, 1);
    cr_expect_eq(key->allowed_mechanisms[0], CKM_RSA_PKCS);
    cr_expect_eq(key->mechanisms, 1U << MECHANISM_RSA_PKCS1);
    cr_expect_eq(key->generation_mechanism, CKM_RSA_PKCS_KEY_PAIR_GEN);
    (void)peer_stop(&peer);
}

static void fails(const struct wish *wish, enum failure failure, const char *holds)
{
    struct peer peer = peer_start(wish);
    cr_assert_not_null(peer.failed);
    cr_expect_eq((enum failure)peer.failed->failure, failure);
    cr_expect_not_null(strstr(peer.failed->why, holds), "%s", peer.failed->why);
    cr_expect_null(strstr(peer.failed->why, rig_pin()));
    cr_expect_eq(peer_stop(&peer), 1);
}

Test(start, a_wrong_pin_is_tried_once_and_latches)
{
    struct wish wish = peer_wish("a1");
    wish.module = rig_faulty_module();
    rig_write("wrong", "99999999\n");
    wish.pin_path = rig_path("wrong");
    fails(&wish, FAILURE_LATCHED, "CKR_PIN_INCORRECT");
    cr_expect_eq(rig_calls("C_Login"), 1);
}

Test(start, no_login_is_tried_when_the_next_error_would_lock_the_token)
{
    struct wish wish = peer_wish("a1");
    wish.module = rig_faulty_module();
    rig_faults("C_GetTokenInfo@1+=finaltry");
    fails(&wish, FAILURE_LATCHED, "one more wrong PIN");
    cr_expect_eq(rig_calls("C_Login"), 0);
}

/* SoftHSM takes no text and says so; NSS, which wants one, has a test of its own. */
Test(start, init_args_reach_the_module)
{
    struct wish wish = peer_wish("a1");
    wish.init_args = "configdir='x'";
    fails(&wish, FAILURE_DEVICE, "could not be initialised with its init_args");
}

Test(start, init_args_that_are_too_long_are_named)
{
    static char text[2050];
    struct wish wish = peer_wish("a1");
    memset(text, 'x', sizeof(text) - 1);
    wish.init_args = text;
    fails(&wish, FAILURE_CONFIG, "init_args of at most 2048");
}

Test(start, a_missing_token_is_said_with_those_that_are_there)
{
    struct wish wish = peer_wish("a1");
    wish.label = "elsewhere";
    fails(&wish, FAILURE_CONFIG, "the module shows '" RIG_LABEL "'");
}

Test(start, a_token_of_another_serial_number_is_not_taken)
{
    struct wish wish = peer_wish("a1");
    wish.serial = "0000000000000000";
    fails(&wish, FAILURE_CONFIG, "serial number 0000000000000000");
}

Test(start, a_token_of_another_maker_or_model_is_not_taken)
{
    struct wish wish = peer_wish("a1");
    wish.manufacturer = "Another project";
    fails(&wish, FAILURE_CONFIG, "manufacturer Another project");
    wish.manufacturer = "SoftHSM project";
    wish.model = "SoftHSM v9";
    fails(&wish, FAILURE_CONFIG, "manufacturer SoftHSM project, model SoftHSM v9");
    wish.model = "SoftHSM v2";
    struct peer peer = peer_opened(&wish);
    (void)peer_stop(&peer);
}

Test(start, a_missing_module_is_said)
{
    struct wish wish = peer_wish("a1");
    wish.module = "/nowhere/module.so";
    fails(&wish, FAILURE_CONFIG, "/nowhere/module.so cannot be read");
}

Test(start, a_library_that_is_no_module_is_said)
{
    struct wish wish = peer_wish("a1");
    wish.module = "/lib/x86_64-linux-gnu/libm.so.6";
    fails(&wish, FAILURE_CONFIG, "is not a PKCS#11 module");
}

Test(start, a_pin_file_open_to_everybody_is_refused)
{
    struct wish wish = peer_wish("a1");
    cr_assert_eq(chmod(rig_path("pin"), 0644), 0);
    fails(&wish, FAILURE_CONFIG, "chmod 0400");
}

Test(start, threads_out_of_bounds_are_refused)
{
    struct wish wish = peer_wish("a1");
    wish.threads = 0;
    fails(&wish, FAILURE_CONFIG, "1 to 64 threads");
}

Test(start, a_device_error_at_start_is_said_with_its_code)
{
    struct wish wish = peer_wish("a1");
    wish.module = rig_faulty_module();
    rig_faults("C_OpenSession@1+=30");
    fails(&wish, FAILURE_DEVICE, "CKR_DEVICE_ERROR");
}

static const CK_RV CODES[] = {
#define RV(code, again, failure) code,
#include "hsm/token/rv.def"
#undef RV
};

/* With the first row, CKR_OK, the shim would leave the call out and still succeed. */
static void every_code(const char *schedule, unsigned logins)
{
    char text[64];
    struct wish wish = peer_wish("a1");
    wish.module = rig_faulty_module();
    for (size_t i = 1; i < SG_COUNT(CODES); i++) {
        unsigned before = rig_calls("C_Login");
        (void)snprintf(text, sizeof(text), "%s=%lx", schedule, CODES[i]);
        rig_faults(text);
        fails(&wish, rv_failure(CODES[i]), rv_name(CODES[i]));
        cr_expect_eq(rig_calls("C_Login") - before, logins, "%s", text);
    }
}

Test(start, every_code_of_the_login_is_said_after_one_attempt)
{
    every_code("C_Login@1+", 1);
}

Test(start, every_code_of_the_first_session_is_said_without_a_login)
{
    every_code("C_OpenSession@1+", 0);
}

Test(start, every_code_of_a_search_is_said)
{
    every_code("C_FindObjectsInit@1+", 1);
}

Test(start, fewer_sessions_than_asked_for_are_good_enough)
{
    struct wish wish = peer_wish("a1");
    wish.module = rig_faulty_module();
    wish.threads = 8;
    rig_faults("C_OpenSession@4+=b1"); /* the anchor and two more */
    struct peer peer = peer_opened(&wish);
    cr_expect_eq(peer.opened->threads, 2);
    (void)peer_stop(&peer);
}

/* The lane opens, the key is of no use, and using it all the same is refused. */
static void useless(const struct wish *wish, const char *code)
{
    struct peer peer = peer_opened(wish);
    cr_expect_not(peer.opened->keys[0]->usable);
    cr_expect_str_eq(peer.opened->keys[0]->code, code);
    struct operation operation = peer_operation(&peer, 0, MECHANISM_ECDSA);
    struct outcome outcome = peer_sign(&peer, &operation);
    cr_expect_eq(outcome.failure, FAILURE_REQUEST);
    cr_expect_eq(outcome.signature.len, 0);
    (void)peer_stop(&peer);
}

Test(start, a_missing_key_is_shown_and_cannot_be_used)
{
    struct wish wish = peer_wish("a1");
    useless(&wish, "KEY_NOT_FOUND");
}

/* The rig labels a key with its id. */
Test(start, a_key_is_found_by_its_label)
{
    rig_key("rsa-2048", "a1", NULL);
    rig_key("p-256", "a2", NULL);
    struct wish wish = peer_wish("");
    wish.labels[0] = "a2";
    wish.ids[1] = "a1";
    struct peer peer = peer_opened(&wish);
    cr_expect(peer.opened->keys[0]->usable, "%s", peer.opened->keys[0]->why);
    cr_expect_str_eq(peer.opened->keys[0]->type, "ec");
    cr_expect_str_eq(peer.opened->keys[1]->type, "rsa");
    struct operation operation = peer_operation(&peer, 0, MECHANISM_ECDSA);
    struct outcome outcome = peer_sign(&peer, &operation);
    cr_expect(peer_good(&peer, &operation, &outcome));
    (void)peer_stop(&peer);
}

Test(start, a_key_named_by_id_and_label_must_have_both)
{
    rig_key("p-256", "a1", NULL);
    struct wish wish = peer_wish("a1");
    wish.labels[0] = "a1";
    struct peer peer = peer_opened(&wish);
    cr_expect(peer.opened->keys[0]->usable, "%s", peer.opened->keys[0]->why);
    (void)peer_stop(&peer);
    wish.labels[0] = "a2";
    useless(&wish, "KEY_NOT_FOUND");
}

Test(start, a_label_that_two_keys_share_cannot_be_used)
{
    rig_key("p-256", "a1", NULL);
    struct output made =
        rig_run("keygen", "--module", RIG_MODULE, "--token", RIG_LABEL, "--pin-file",
                rig_path("pin"), "--type", "p-256", "--name", "a1", "--id", "a2", NULL);
    cr_assert_eq(made.code, 0, "%s", made.errors);
    struct wish wish = peer_wish("");
    wish.labels[0] = "a1";
    useless(&wish, "KEY_AMBIGUOUS");
}

Test(start, a_key_without_id_and_label_is_refused)
{
    struct wish wish = peer_wish("");
    fails(&wish, FAILURE_CONFIG, "an id of at most 64 bytes or a label");
}

/* The probe asks in the order of hsm/token/mechanism.def: ECDSA is the third. */
Test(start, a_key_whose_mechanism_the_token_does_not_offer_cannot_be_used)
{
    rig_key("p-256", "a1", NULL);
    struct wish wish = peer_wish("a1");
    wish.module = rig_faulty_module();
    rig_faults("C_GetMechanismInfo@3=70");
    useless(&wish, "KEY_MECHANISM_MISSING");
    cr_expect_eq(rig_calls("C_SignInit"), 0);
}

Test(start, a_module_that_tells_of_no_mechanism_is_taken_to_offer_all)
{
    rig_key("p-256", "a1", NULL);
    struct wish wish = peer_wish("a1");
    wish.module = rig_faulty_module();
    rig_faults("C_GetMechanismInfo@1+=54");
    struct peer peer = peer_opened(&wish);
    cr_expect_eq(peer.opened->keys[0]->mechanisms, 1U << MECHANISM_ECDSA);
    struct operation operation = peer_operation(&peer, 0, MECHANISM_ECDSA);
    struct outcome outcome = peer_sign(&peer, &operation);
    cr_expect(peer_good(&peer, &operation, &outcome));
    (void)peer_stop(&peer);
}

Test(start, an_id_that_two_keys_share_cannot_be_used)
{
    rig_key("p-256", "a1", NULL);
    rig_key("p-256", "a2", NULL);
    struct wish wish = peer_wish("a1");
    rig_twin("a1");
    useless(&wish, "KEY_AMBIGUOUS");
    wish.ids[0] = "a2";
    struct peer peer = peer_opened(&wish);
    cr_expect(peer.opened->keys[0]->usable);
    (void)peer_stop(&peer);
}

/* Its CKR_USER_NOT_LOGGED_IN would look like a lost login, again and again. */
Test(start, a_key_that_wants_the_pin_every_time_cannot_be_used)
{
    struct wish wish = peer_wish("a1");
    rig_distrustful_key("a1");
    useless(&wish, "KEY_ALWAYS_AUTHENTICATE");
}

Test(start, a_key_other_than_pinned_cannot_be_used)
{
    uint8_t *spki = NULL;
    rig_key("p-256", "a1", NULL);
    EVP_PKEY *other = EVP_EC_gen("P-256");
    int len = i2d_PUBKEY(other, &spki);
    cr_assert(len > 0);
    struct wish wish = peer_wish("a1");
    wish.pinned = slice_of(spki, (size_t)len);
    useless(&wish, "KEY_CERT_MISMATCH");
    OPENSSL_free(spki);
    EVP_PKEY_free(other);
}

Test(start, the_pinned_key_is_used)
{
    rig_key("p-256", "a1", NULL);
    struct wish wish = peer_wish("a1");
    struct peer first = peer_opened(&wish);
    const ProtobufCBinaryData *spki = &first.opened->keys[0]->subject_public_key_info;
    wish.pinned = slice_of(spki->data, spki->len);
    struct peer second = peer_opened(&wish);
    cr_expect(second.opened->keys[0]->usable);
    (void)peer_stop(&second);
    (void)peer_stop(&first);
}

static void status_holds(pid_t pid, const char *line)
{
    char text[8192];
    (void)snprintf(text, sizeof(text), "/proc/%d/status", (int)pid);
    FILE *file = fopen(text, "re");
    cr_assert_not_null(file);
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    (void)fclose(file);
    cr_expect_not_null(strstr(text, line), "no '%s' in %s", line, text);
}

Test(start, runs_confined)
{
    struct wish wish = peer_wish("a1");
    struct peer peer = peer_opened(&wish);
    cr_expect_str_eq(peer.opened->note, "");
    status_holds(peer.pid, "NoNewPrivs:\t1\n");
    status_holds(peer.pid, "Seccomp:\t2\n");
    (void)peer_stop(&peer);
}

enum { MEMORY_MAX = 1 << 28 };

static bool range_holds(int memory, off_t from, size_t len, const char *secret)
{
    char *bytes = malloc(len);
    cr_assert_not_null(bytes);
    ssize_t got = pread(memory, bytes, len, from);
    bool found = got > 0 && memmem(bytes, (size_t)got, secret, strlen(secret)) != NULL;
    free(bytes);
    return found;
}

Test(start, forgets_the_pin_after_the_login)
{
    char path[64];
    char line[512];
    unsigned long from = 0;
    unsigned long to = 0;
    struct wish wish = peer_wish("a1");
    struct peer peer = peer_opened(&wish);
    (void)snprintf(path, sizeof(path), "/proc/%d/mem", (int)peer.pid);
    int memory = open(path, O_RDONLY | O_CLOEXEC);
    if (memory < 0) {
        cr_skip("only root may look into a lane, as it should be");
    }
    (void)snprintf(path, sizeof(path), "/proc/%d/maps", (int)peer.pid);
    FILE *maps = fopen(path, "re");
    cr_assert_not_null(maps);
    while (fgets(line, sizeof(line), maps) != NULL) {
        cr_assert_eq(sscanf(line, "%lx-%lx", &from, &to), 2); /* NOLINT(cert-err34-c) */
        if (to - from <= MEMORY_MAX) { /* not the shadow of a sanitizer */
            cr_expect_not(range_holds(memory, (off_t)from, to - from, rig_pin()), "%s",
                          line);
        }
    }
    (void)fclose(maps);
    (void)close(memory);
    (void)peer_stop(&peer);
}
