#include <criterion/criterion.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hsm/lane/queue.h"
#include "hsm/wire/wire.h"
#include "tests/unit/hsm/support/peer.h"
#include "tests/unit/hsm/support/rig.h"

/* A lane at work on a sound token. */
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

enum { FIRST = 500000 };

Test(lane, a_mechanism_that_the_key_forbids_never_reaches_the_token)
{
    rig_key("rsa-2048", "b1", "rsa-pkcs1");
    struct wish wish = peer_wish("b1");
    wish.module = rig_faulty_module();
    struct peer peer = peer_opened(&wish);
    refused(&peer, peer_operation(&peer, 0, MECHANISM_RSA_PSS), FAILURE_REQUEST);
    (void)peer_stop(&peer);
}

/* Collects outcomes, ids from FIRST to below FIRST + all, until at least so many are
 * there; each may come once. Gives how many came. */
static size_t collect(const struct peer *peer, bool *seen, size_t all, size_t wanted)
{
    size_t have = 0;
    while (have < wanted) {
        Segel__Lane__V1__FromLane *message = peer_receive(peer);
        cr_assert_not_null(message);
        for (size_t i = 0; i < message->done->n_outcomes; i++) {
            const Segel__Lane__V1__Outcome *outcome = message->done->outcomes[i];
            uint64_t index = outcome->id - FIRST;
            cr_assert(index < all && !seen[index]);
            cr_assert_eq((enum failure)outcome->failure, FAILURE_NONE);
            seen[index] = true;
            have++;
        }
        segel__lane__v1__from_lane__free_unpacked(message, NULL);
    }
    return have;
}

Test(lane, answers_every_operation_of_many_batches_once)
{
    enum { BATCHES = 40, WINDOW = 12, COUNT = BATCHES * WIRE_BATCH_MAX };
    static bool seen[COUNT];
    size_t have = 0;
    struct operation operations[WIRE_BATCH_MAX];
    rig_key("p-256", "a1", NULL);
    struct wish wish = peer_wish("a1");
    wish.threads = 4;
    struct peer peer = peer_opened(&wish);
    struct operation lawful = peer_operation(&peer, 0, MECHANISM_ECDSA);
    /* As many in hand as segeld has at most. */
    for (size_t batch = 0; batch < BATCHES; batch++) {
        for (size_t i = 0; i < WIRE_BATCH_MAX; i++) {
            operations[i] = lawful;
            operations[i].id = FIRST + batch * WIRE_BATCH_MAX + i;
        }
        peer_send(&peer, operations, WIRE_BATCH_MAX);
        have += batch < WINDOW ? 0 : collect(&peer, seen, COUNT, WIRE_BATCH_MAX);
    }
    have += collect(&peer, seen, COUNT, COUNT - have);
    cr_expect_eq(have, COUNT);
    cr_expect_eq(peer.marks->begun[MARK_CURVE], FIRST + COUNT - 1);
    cr_expect_eq(peer.marks->begun[MARK_RSA], 0);
    cr_expect_eq(peer_stop(&peer), 0);
}

static void send_slow(const struct peer *peer, struct operation lawful, uint64_t first)
{
    struct operation batch[WIRE_BATCH_MAX];
    for (size_t i = 0; i < SG_COUNT(batch); i++) {
        batch[i] = lawful;
        batch[i].id = first + i;
    }
    peer_send(peer, batch, SG_COUNT(batch));
}

Test(lane, a_peer_that_oversteps_every_window_ends_it)
{
    rig_key("p-256", "a1", NULL);
    struct wish wish = peer_wish("a1");
    wish.module = rig_faulty_module();
    struct peer peer = peer_opened(&wish);
    struct operation lawful = peer_operation(&peer, 0, MECHANISM_ECDSA);
    rig_faults("C_Sign@1+=hang");
    for (size_t i = 0; i < RING_LEN; i += WIRE_BATCH_MAX) {
        send_slow(&peer, lawful, FIRST + i); /* the first two hang in their workers */
    }
    cr_expect(peer.marks->begun[MARK_CURVE] <= FIRST + 1);
    send_slow(&peer, lawful, FIRST + RING_LEN);
    cr_expect_null(peer_receive(&peer));
    cr_expect_eq(peer_stop(&peer), 1);
}

/* What segeld tells by the marks when it kills a lane that hangs. */
Test(lane, marks_what_was_taken_of_each_kind_before_the_key_is_used)
{
    rig_key("rsa-2048", "b1", NULL);
    rig_key("p-256", "a1", NULL);
    struct wish wish = peer_wish("b1");
    wish.ids[1] = "a1";
    wish.module = rig_faulty_module();
    struct peer peer = peer_opened(&wish);
    rig_faults("C_SignInit@1+=hang");
    struct operation rsa_one = peer_operation(&peer, 0, MECHANISM_RSA_PKCS1);
    rsa_one.id = FIRST;
    peer_send(&peer, &rsa_one, 1);
    send_slow(&peer, peer_operation(&peer, 1, MECHANISM_ECDSA), FIRST + 100);
    while (rig_calls("C_SignInit") < 2) {
        (void)usleep(1000);
    }
    uint64_t rsa = peer.marks->begun[MARK_RSA];
    uint64_t curve = peer.marks->begun[MARK_CURVE];
    cr_expect_eq(rsa, FIRST);
    cr_expect_eq(curve, FIRST + 100);
    cr_assert_eq(kill(peer.pid, SIGKILL), 0);
    (void)peer_stop(&peer);
}

/* How many outcomes of others come before that of this operation. */
static unsigned outcomes_before(const struct peer *peer, uint64_t id)
{
    unsigned others = 0;
    for (;;) {
        Segel__Lane__V1__FromLane *message = peer_receive(peer);
        cr_assert_not_null(message);
        for (size_t i = 0; i < message->done->n_outcomes; i++) {
            cr_assert_eq((enum failure)message->done->outcomes[i]->failure, FAILURE_NONE);
            if (message->done->outcomes[i]->id == id) {
                segel__lane__v1__from_lane__free_unpacked(message, NULL);
                return others;
            }
            others++;
        }
        segel__lane__v1__from_lane__free_unpacked(message, NULL);
    }
}

/* 96 signatures of RSA-4096 wait; one worker. */
Test(lane, a_backlog_of_rsa_does_not_hold_up_a_curve)
{
    rig_key("rsa-4096", "b1", NULL);
    rig_key("p-256", "a1", NULL);
    struct wish wish = peer_wish("b1");
    wish.ids[1] = "a1";
    wish.threads = 1;
    struct peer peer = peer_opened(&wish);
    struct operation rsa = peer_operation(&peer, 0, MECHANISM_RSA_PKCS1);
    for (uint64_t i = 0; i < 3; i++) {
        send_slow(&peer, rsa, FIRST + i * WIRE_BATCH_MAX);
    }
    struct operation curve = peer_operation(&peer, 1, MECHANISM_ECDSA);
    peer_send(&peer, &curve, 1);
    unsigned before = outcomes_before(&peer, curve.id);
    cr_expect(before < 64, "%u of 96 went before it", before);
    (void)peer_stop(&peer);
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

/* --- Whether it may log in --------------------------------------------------------- */

/* Has found its token, and waits. */
static struct peer waiting(const struct wish *wish)
{
    struct peer peer = peer_start(wish);

    cr_assert_not_null(peer.first);
    cr_assert(peer.first->body_case == SEGEL__LANE__V1__FROM_LANE__BODY_FOUND);
    cr_expect_eq(atomic_load(&peer.marks->login), MARK_LOGIN_AHEAD);
    return peer;
}

Test(lane, says_that_it_waits_until_it_may_log_in)
{
    struct wish wish = peer_wish("a1");
    wish.asks = true;
    struct peer peer = waiting(&wish);
    peer_permit(&peer);
    Segel__Lane__V1__FromLane *told = peer_receive(&peer);
    cr_assert_not_null(told);
    cr_expect(told->body_case == SEGEL__LANE__V1__FROM_LANE__BODY_OPENED);
    cr_expect_eq(atomic_load(&peer.marks->login), MARK_LOGIN_WELL);
    segel__lane__v1__from_lane__free_unpacked(told, NULL);
    cr_expect_eq(peer_stop(&peer), 0);
}

/* Whoever looks at the page of the dead must not take it for one that waited. */
Test(lane, does_not_say_that_it_waits_when_it_dies_in_its_login)
{
    struct wish wish = peer_wish("a1");
    wish.asks = true;
    wish.module = rig_faulty_module();
    rig_faults("C_Login@1=kill");
    struct peer peer = waiting(&wish);
    peer_permit(&peer);
    cr_expect_null(peer_receive(&peer), "it is gone");
    cr_expect_eq(rig_calls("C_Login"), 1);
    cr_expect_eq(atomic_load(&peer.marks->login), MARK_LOGIN_UNTOLD);
    cr_expect_eq(peer_stop(&peer), 128 + SIGKILL);
}

Test(lane, says_that_the_token_took_its_pin_when_what_follows_fails)
{
    struct wish wish = peer_wish("a1");
    wish.asks = true;
    wish.module = rig_faulty_module();
    rig_faults("C_FindObjectsInit@1=kill");
    struct peer peer = waiting(&wish);
    peer_permit(&peer);
    cr_expect_null(peer_receive(&peer), "it is gone");
    cr_expect_eq(atomic_load(&peer.marks->login), MARK_LOGIN_WELL);
    cr_expect_eq(peer_stop(&peer), 128 + SIGKILL);
}

Test(lane, has_tried_none_when_its_pin_file_cannot_be_used)
{
    struct wish wish = peer_wish("a1");
    wish.asks = true;
    wish.pin_path = "/nowhere/pin";
    struct peer peer = waiting(&wish);
    peer_permit(&peer);
    Segel__Lane__V1__FromLane *told = peer_receive(&peer);
    cr_assert_not_null(told);
    cr_assert(told->body_case == SEGEL__LANE__V1__FROM_LANE__BODY_FAILED);
    cr_expect_eq((enum failure)told->failed->failure, FAILURE_CONFIG);
    cr_expect_eq(atomic_load(&peer.marks->login), MARK_LOGIN_AHEAD);
    segel__lane__v1__from_lane__free_unpacked(told, NULL);
    cr_expect_eq(peer_stop(&peer), 1);
}

/* Another lane of the token may have tried a wrong PIN while this one waited. */
Test(lane, makes_no_last_try_that_came_while_it_waited)
{
    struct wish wish = peer_wish("a1");
    wish.asks = true;
    wish.module = rig_faulty_module();
    struct peer peer = waiting(&wish);
    rig_faults("C_GetTokenInfo@1+=finaltry");
    peer_permit(&peer);
    Segel__Lane__V1__FromLane *told = peer_receive(&peer);
    cr_assert_not_null(told);
    cr_assert(told->body_case == SEGEL__LANE__V1__FROM_LANE__BODY_FAILED);
    cr_expect_eq((enum failure)told->failed->failure, FAILURE_LATCHED);
    cr_expect_not_null(strstr(told->failed->why, "one more wrong PIN locks it"));
    cr_expect_eq(rig_calls("C_Login"), 0);
    segel__lane__v1__from_lane__free_unpacked(told, NULL);
    cr_expect_eq(peer_stop(&peer), 1);
}
