#define _GNU_SOURCE  /* NOLINT(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) \
                      */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hsm/wire.h"
#include "tests/unit/hsm/support/peer.h"
#include "tests/unit/hsm/support/rig.h"

TestSuite(lane, .init = rig_make, .fini = rig_remove, .timeout = 120);

/* One key of this type signs in this way, with every hash. */
static void signs(const char *type, const char *scheme, enum mechanism mechanism)
{
    rig_key(type, "a1", scheme);
    struct wish wish = peer_wish("a1");
    struct peer peer = peer_opened(&wish);
    cr_assert(peer.opened->keys[0]->usable, "%s", peer.opened->keys[0]->why);
    struct operation operation = peer_operation(&peer, 0, mechanism);
    for (enum sg_hash hash = SG_HASH_SHA256; hash < SG_HASH_COUNT; hash++) {
        if (mechanism != MECHANISM_EDDSA) {
            peer_hash(&operation, hash);
        }
        struct outcome outcome = peer_sign(&peer, &operation);
        cr_expect(peer_good(&peer, &operation, &outcome), "%s %s: failure %d, rv 0x%lx",
                  type, sg_hash_name(hash), (int)outcome.failure, outcome.rv);
        cr_expect_eq(outcome.retries, 0);
    }
    cr_expect_eq(peer_stop(&peer), 0);
}

Test(lane, signs_with_rsa_2048_pkcs1)
{
    signs("rsa-2048", NULL, MECHANISM_RSA_PKCS1);
}

Test(lane, signs_with_rsa_2048_pss)
{
    signs("rsa-2048", "rsa-pss", MECHANISM_RSA_PSS);
}

Test(lane, signs_with_rsa_3072_pkcs1)
{
    signs("rsa-3072", "rsa-pkcs1", MECHANISM_RSA_PKCS1);
}

Test(lane, signs_with_rsa_3072_pss)
{
    signs("rsa-3072", "rsa-pss", MECHANISM_RSA_PSS);
}

Test(lane, signs_with_rsa_4096_pkcs1)
{
    signs("rsa-4096", "rsa-pkcs1", MECHANISM_RSA_PKCS1);
}

Test(lane, signs_with_rsa_4096_pss)
{
    signs("rsa-4096", "rsa-pss", MECHANISM_RSA_PSS);
}

Test(lane, signs_with_p_256)
{
    signs("p-256", NULL, MECHANISM_ECDSA);
}

Test(lane, signs_with_p_384)
{
    signs("p-384", NULL, MECHANISM_ECDSA);
}

Test(lane, signs_with_ed25519)
{
    signs("ed25519", NULL, MECHANISM_EDDSA);
}

Test(lane, tells_of_token_and_key)
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

Test(lane, a_wrong_pin_is_tried_once_and_latches)
{
    struct wish wish = peer_wish("a1");
    wish.module = rig_faulty_module();
    rig_write("wrong", "99999999\n");
    wish.pin_path = rig_path("wrong");
    fails(&wish, FAILURE_LATCHED, "CKR_PIN_INCORRECT");
    cr_expect_eq(rig_calls("C_Login"), 1);
}

Test(lane, no_login_is_tried_when_the_next_error_would_lock_the_token)
{
    struct wish wish = peer_wish("a1");
    wish.module = rig_faulty_module();
    rig_faults("C_GetTokenInfo@1+=finaltry");
    fails(&wish, FAILURE_LATCHED, "one more wrong PIN");
    cr_expect_eq(rig_calls("C_Login"), 0);
}

Test(lane, a_missing_token_is_said_with_those_that_are_there)
{
    struct wish wish = peer_wish("a1");
    wish.label = "elsewhere";
    fails(&wish, FAILURE_CONFIG, "the module shows '" RIG_LABEL "'");
}

Test(lane, a_token_of_another_serial_number_is_not_taken)
{
    struct wish wish = peer_wish("a1");
    wish.serial = "0000000000000000";
    fails(&wish, FAILURE_CONFIG, "serial number 0000000000000000");
}

Test(lane, a_missing_module_is_said)
{
    struct wish wish = peer_wish("a1");
    wish.module = "/nowhere/module.so";
    fails(&wish, FAILURE_CONFIG, "/nowhere/module.so cannot be read");
}

Test(lane, a_library_that_is_no_module_is_said)
{
    struct wish wish = peer_wish("a1");
    wish.module = "/lib/x86_64-linux-gnu/libm.so.6";
    fails(&wish, FAILURE_CONFIG, "is not a PKCS#11 module");
}

Test(lane, a_pin_file_open_to_everybody_is_refused)
{
    struct wish wish = peer_wish("a1");
    cr_assert_eq(chmod(rig_path("pin"), 0644), 0);
    fails(&wish, FAILURE_CONFIG, "chmod 0400");
}

Test(lane, threads_out_of_bounds_are_refused)
{
    struct wish wish = peer_wish("a1");
    wish.threads = 0;
    fails(&wish, FAILURE_CONFIG, "1 to 64 threads");
}

Test(lane, a_device_error_at_start_is_said_with_its_code)
{
    struct wish wish = peer_wish("a1");
    wish.module = rig_faulty_module();
    rig_faults("C_OpenSession@1+=30");
    fails(&wish, FAILURE_DEVICE, "CKR_DEVICE_ERROR");
}

Test(lane, fewer_sessions_than_asked_for_are_good_enough)
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

Test(lane, a_missing_key_is_shown_and_cannot_be_used)
{
    struct wish wish = peer_wish("a1");
    useless(&wish, "KEY_NOT_FOUND");
}

Test(lane, a_key_other_than_pinned_cannot_be_used)
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

Test(lane, the_pinned_key_is_used)
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

static void refused(const struct peer *peer, struct operation operation,
                    enum failure failure)
{
    struct outcome outcome = peer_sign(peer, &operation);
    cr_expect_eq(outcome.failure, failure);
    cr_expect_eq(outcome.signature.len, 0);
    cr_expect_eq(rig_calls("C_SignInit"), 0);
}

Test(lane, unlawful_operations_never_reach_the_token)
{
    rig_key("p-256", "a1", NULL);
    struct wish wish = peer_wish("a1");
    wish.module = rig_faulty_module();
    struct peer peer = peer_opened(&wish);
    struct operation lawful = peer_operation(&peer, 0, MECHANISM_ECDSA);

    struct operation operation = lawful;
    operation.wanted.input.len = 31;
    refused(&peer, operation, FAILURE_REQUEST);
    operation = lawful;
    operation.key = 1;
    refused(&peer, operation, FAILURE_REQUEST);
    operation = lawful;
    operation.key = UINT32_MAX;
    refused(&peer, operation, FAILURE_REQUEST);
    operation = lawful;
    operation.wanted.mechanism = MECHANISM_RSA_PKCS1;
    refused(&peer, operation, FAILURE_REQUEST);
    operation = lawful;
    operation.wanted.hash = SG_HASH_SHA384;
    refused(&peer, operation, FAILURE_REQUEST);
    operation = lawful;
    operation.deadline_us = operation_now_us();
    refused(&peer, operation, FAILURE_EXPIRED);

    struct outcome outcome = peer_sign(&peer, &lawful);
    cr_expect(peer_good(&peer, &lawful, &outcome));
    (void)peer_stop(&peer);
}

/* Collects outcomes by id until so many are there; each may come once. */
static void collect(const struct peer *peer, bool *seen, uint64_t first, size_t count)
{
    size_t have = 0;
    while (have < count) {
        Segel__Lane__V1__FromLane *message = peer_receive(peer);
        cr_assert_not_null(message);
        for (size_t i = 0; i < message->done->n_outcomes; i++) {
            const Segel__Lane__V1__Outcome *outcome = message->done->outcomes[i];
            uint64_t index = outcome->id - first;
            cr_assert(index < count && !seen[index]);
            cr_assert_eq((enum failure)outcome->failure, FAILURE_NONE);
            seen[index] = true;
            have++;
        }
        segel__lane__v1__from_lane__free_unpacked(message, NULL);
    }
}

Test(lane, answers_every_operation_of_many_batches_once)
{
    enum { BATCHES = 40, COUNT = BATCHES * WIRE_BATCH_MAX };
    static bool seen[COUNT];
    struct operation operations[WIRE_BATCH_MAX];
    rig_key("p-256", "a1", NULL);
    struct wish wish = peer_wish("a1");
    wish.threads = 4;
    struct peer peer = peer_opened(&wish);
    struct operation lawful = peer_operation(&peer, 0, MECHANISM_ECDSA);
    /* More than the queue holds: the lane has to push back and still lose nothing. */
    for (size_t batch = 0; batch < BATCHES; batch++) {
        for (size_t i = 0; i < WIRE_BATCH_MAX; i++) {
            operations[i] = lawful;
            operations[i].id = 500000 + batch * WIRE_BATCH_MAX + i;
        }
        peer_send(&peer, operations, WIRE_BATCH_MAX);
    }
    collect(&peer, seen, 500000, COUNT);
    cr_expect_eq(peer_stop(&peer), 0);
}

Test(lane, nonsense_ends_it)
{
    struct wish wish = peer_wish("a1");
    struct peer peer = peer_opened(&wish);
    cr_assert_eq(send(peer.fd, "\xff\xff\xff", 3, 0), 3);
    cr_expect_null(peer_receive(&peer));
    cr_expect_eq(peer_stop(&peer), 1);
}

Test(lane, an_operation_with_too_much_input_ends_it)
{
    static uint8_t large[SIGN_MESSAGE_MAX + 1];
    struct wish wish = peer_wish("a1");
    struct peer peer = peer_opened(&wish);
    struct operation operation = peer_operation(&peer, 0, MECHANISM_EDDSA);
    operation.wanted.input = slice_of(large, sizeof(large));
    peer_send(&peer, &operation, 1);
    cr_expect_null(peer_receive(&peer));
    cr_expect_eq(peer_stop(&peer), 1);
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

Test(lane, runs_confined)
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

Test(lane, forgets_the_pin_after_the_login)
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
