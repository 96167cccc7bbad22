#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/hsm/support/peer.h"
#include "tests/unit/hsm/support/rig.h"

/* A lane on a module that fails on command. */

static struct peer peer;
static struct operation lawful;

static void start(void)
{
    rig_make();
    rig_key("p-256", "a1", NULL);
    rig_key("p-256", "a2", NULL);
    struct wish wish = peer_wish("a1");
    wish.ids[1] = "a2";
    wish.module = rig_faulty_module();
    wish.threads = 1;
    peer = peer_opened(&wish);
    lawful = peer_operation(&peer, 0, MECHANISM_ECDSA);
}

static void stop(void)
{
    (void)peer_stop(&peer);
    rig_remove();
}

TestSuite(faults, .init = start, .fini = stop, .timeout = 60);

static struct outcome with(const char *schedule)
{
    rig_faults(schedule);
    return peer_sign(&peer, &lawful);
}

static void good_after(const char *schedule, unsigned retries)
{
    struct outcome outcome = with(schedule);
    cr_expect(peer_good(&peer, &lawful, &outcome), "%s: failure %d, rv 0x%lx", schedule,
              (int)outcome.failure, outcome.rv);
    cr_expect_eq(outcome.retries, retries, "%s", schedule);
}

static void bad_after(const char *schedule, enum failure failure, CK_RV rv)
{
    struct outcome outcome = with(schedule);
    cr_expect_eq(outcome.failure, failure, "%s: %d", schedule, (int)outcome.failure);
    cr_expect_eq(outcome.rv, rv, "%s: 0x%lx", schedule, outcome.rv);
    cr_expect_eq(outcome.signature.len, 0, "%s", schedule);
}

Test(faults, a_turned_bit_never_leaves)
{
    bad_after("C_Sign@1=flip", FAILURE_DEVICE, CKR_OK);
    good_after("", 0);
}

Test(faults, a_short_signature_never_leaves)
{
    bad_after("C_Sign@1=short", FAILURE_DEVICE, CKR_OK);
    good_after("", 0);
}

Test(faults, a_length_beyond_the_buffer_is_not_believed)
{
    bad_after("C_Sign@1=long", FAILURE_DEVICE, CKR_OK);
    good_after("", 0);
}

Test(faults, random_bytes_never_leave)
{
    bad_after("C_Sign@1+=garbage", FAILURE_DEVICE, CKR_OK);
    good_after("", 0);
}

Test(faults, a_signature_of_another_key_never_leaves)
{
    bad_after("C_SignInit@1=wrongkey", FAILURE_DEVICE, CKR_OK);
    good_after("", 0);
}

/* Also with RSA, where the broken signature would give the key away. */
Test(faults, a_broken_rsa_signature_never_leaves)
{
    (void)peer_stop(&peer);
    rig_key("rsa-2048", "b1", NULL);
    rig_key("rsa-2048", "b2", NULL);
    struct wish wish = peer_wish("b1");
    wish.module = rig_faulty_module();
    peer = peer_opened(&wish);
    lawful = peer_operation(&peer, 0, MECHANISM_RSA_PKCS1);
    bad_after("C_Sign@1=flip", FAILURE_DEVICE, CKR_OK);
    bad_after("C_Sign@1=short", FAILURE_DEVICE, CKR_OK);
    bad_after("C_Sign@1=long", FAILURE_DEVICE, CKR_OK);
    bad_after("C_Sign@1=garbage", FAILURE_DEVICE, CKR_OK);
    bad_after("C_SignInit@1=wrongkey", FAILURE_DEVICE, CKR_OK);
    good_after("", 0);
}

Test(faults, a_broken_session_is_replaced_and_the_operation_repeated_once)
{
    unsigned opened = rig_calls("C_OpenSession");
    good_after("C_SignInit@1=b3", 1);
    cr_expect_eq(rig_calls("C_OpenSession"), opened + 1);
    cr_expect_eq(rig_calls("C_CloseSession"), 1);
    good_after("C_Sign@1=91", 1);
    cr_expect_eq(rig_calls("C_OpenSession"), opened + 2);
    cr_expect_eq(rig_calls("C_Login"), 1);
}

Test(faults, a_session_that_breaks_again_is_a_failure)
{
    bad_after("C_SignInit@1+=b0", FAILURE_SESSION, CKR_SESSION_CLOSED);
    cr_expect_eq(rig_calls("C_SignInit"), 2);
}

Test(faults, more_than_three_broken_sessions_a_minute_are_a_broken_device)
{
    good_after("C_SignInit@1=b3", 1);
    good_after("C_SignInit@1=b0", 1);
    good_after("C_Sign@1=91", 1);
    bad_after("C_SignInit@1=90", FAILURE_DEVICE, CKR_OPERATION_ACTIVE);
}

Test(faults, a_lost_handle_is_looked_up_again)
{
    unsigned searches = rig_calls("C_FindObjectsInit");
    good_after("C_SignInit@1=82", 1);
    cr_expect(rig_calls("C_FindObjectsInit") > searches);
    good_after("C_SignInit@1=60", 1);
    good_after("C_SignInit@1=68", 1);
}

Test(faults, a_handle_that_stays_lost_is_a_failure)
{
    bad_after("C_SignInit@1+=82", FAILURE_HANDLE, CKR_OBJECT_HANDLE_INVALID);
    bad_after("C_SignInit@1+=68", FAILURE_REQUEST, CKR_KEY_FUNCTION_NOT_PERMITTED);
}

Test(faults, a_busy_module_is_asked_once_more)
{
    int64_t start_us = operation_now_us();
    good_after("C_SignInit@1=busy", 1);
    cr_expect(operation_now_us() - start_us >= 20000);
    bad_after("C_Sign@1+=busy", FAILURE_DEVICE, CKR_FUNCTION_FAILED);
}

Test(faults, device_errors_are_answered_at_once_and_pass)
{
    static const CK_RV codes[] = {0x30, 0x31, 0x32, 0xe0, 0xe1, 0x190, 0x05, 0x02};
    char schedule[32];
    for (size_t i = 0; i < SG_COUNT(codes); i++) {
        unsigned before = rig_calls("C_SignInit");
        (void)snprintf(schedule, sizeof(schedule), "C_SignInit@1=%lx", codes[i]);
        bad_after(schedule, FAILURE_DEVICE, codes[i]);
        cr_expect_eq(rig_calls("C_SignInit"), before + 1);
        good_after("", 0);
    }
}

Test(faults, a_request_that_the_token_refuses_is_not_repeated)
{
    bad_after("C_SignInit@1=70", FAILURE_REQUEST, CKR_MECHANISM_INVALID);
    cr_expect_eq(rig_calls("C_SignInit"), 1);
    good_after("", 0);
}

Test(faults, a_lost_login_is_not_renewed_here)
{
    bad_after("C_SignInit@1+=101", FAILURE_LOGIN, CKR_USER_NOT_LOGGED_IN);
    cr_expect_eq(rig_calls("C_Login"), 1);
}

Test(faults, a_session_that_cannot_be_reopened_is_a_broken_device)
{
    bad_after("C_SignInit@1=b3 C_OpenSession@1+=30", FAILURE_DEVICE, CKR_DEVICE_ERROR);
    bad_after("C_OpenSession@1+=30", FAILURE_DEVICE, CKR_DEVICE_ERROR);
    good_after("", 0);
}

/* A lane of two workers instead. */
static void start_two(void)
{
    (void)peer_stop(&peer);
    struct wish wish = peer_wish("a1");
    wish.module = rig_faulty_module();
    rig_faults("");
    peer = peer_opened(&wish);
}

Test(faults, a_worker_without_a_session_leaves_its_operation_to_the_others)
{
    start_two();
    good_after("C_SignInit@1=b3 C_OpenSession@1+=b1", 1);
    unsigned asked = rig_calls("C_OpenSession");
    for (unsigned i = 0; i < 20; i++) {
        struct outcome outcome = peer_sign(&peer, &lawful);
        cr_expect(peer_good(&peer, &lawful, &outcome), "rv 0x%lx", outcome.rv);
        cr_expect_eq(outcome.retries, 0);
    }
    cr_expect(rig_calls("C_OpenSession") <= asked + 1, "it asks once a second");
}

Test(faults, a_worker_without_a_session_asks_again_and_comes_back)
{
    start_two();
    good_after("C_SignInit@1=b3 C_OpenSession@1+=b1", 1);
    unsigned asked = rig_calls("C_OpenSession");
    rig_faults("");
    while (rig_calls("C_OpenSession") == asked) {
        (void)usleep(10000);
    }
    /* The first hangs, so the second is done by a worker of its own. */
    struct operation both[2] = {lawful, lawful};
    both[1].id++;
    rig_faults("C_Sign@1=hang");
    peer_send(&peer, both, 2);
    Segel__Lane__V1__FromLane *message = peer_receive(&peer);
    cr_assert_not_null(message);
    cr_expect_eq((enum failure)message->done->outcomes[0]->failure, FAILURE_NONE);
    segel__lane__v1__from_lane__free_unpacked(message, NULL);
    cr_assert_eq(kill(peer.pid, SIGKILL), 0);
}

Test(faults, an_operation_fails_when_no_worker_has_a_session)
{
    bad_after("C_SignInit@1=b3 C_OpenSession@1+=b1", FAILURE_SESSION, CKR_SESSION_COUNT);
    bad_after("C_OpenSession@1+=b1", FAILURE_SESSION, CKR_SESSION_COUNT);
    good_after("", 0);
}

Test(faults, an_operation_given_back_is_not_repeated_a_second_time)
{
    start_two();
    bad_after("C_SignInit@1=b3 C_SignInit@2=b0 C_OpenSession@1+=b1", FAILURE_SESSION,
              CKR_SESSION_CLOSED);
    cr_expect_eq(rig_calls("C_SignInit"), 2);
}

Test(faults, every_code_at_every_call_is_answered_and_passes)
{
    static const CK_RV codes[] = {
#define RV(code, again, failure) code,
#include "hsm/token/rv.def"
#undef RV
    };
    static const char *const calls[] = {"C_SignInit", "C_Sign"};
    char schedule[64];
    for (size_t i = 1; i < 2 * SG_COUNT(codes); i++) {
        CK_RV rv = codes[i / 2];
        if (rv == CKR_OK || rv_again(rv) == AGAIN_FRESH) {
            continue; /* the latter are counted: above */
        }
        (void)snprintf(schedule, sizeof(schedule), "%s@1+=%lx", calls[i % 2], rv);
        bad_after(schedule, rv_failure(rv), rv);
        good_after("", 0);
    }
    cr_expect_eq(rig_calls("C_Login"), 1);
}

Test(faults, the_deadline_is_looked_at_again_before_the_repeat)
{
    /* It is begun in time, on a slow machine too, and over when the module is busy. */
    rig_faults("C_SignInit@1=slow=2200 C_Sign@1=busy");
    lawful.deadline_us = operation_now_us() + 2000000;
    struct outcome outcome = peer_sign(&peer, &lawful);
    cr_expect_eq(outcome.failure, FAILURE_DEVICE);
    cr_expect_eq(rig_calls("C_SignInit"), 1);
    cr_expect_eq(rig_calls("C_Sign"), 1);
}

Test(faults, an_abort_takes_the_lane_along_and_answers_nothing)
{
    rig_faults("C_Sign@1=abort");
    peer_send(&peer, &lawful, 1);
    cr_expect_null(peer_receive(&peer));
}

Test(faults, a_finished_outcome_does_not_wait_for_a_hung_call)
{
    struct operation both[2] = {lawful, lawful};
    both[1].id++;
    rig_faults("C_Sign@2=hang");
    peer_send(&peer, both, 2);
    Segel__Lane__V1__FromLane *message = peer_receive(&peer);
    cr_assert_not_null(message);
    cr_expect_eq(message->done->n_outcomes, 1);
    cr_expect_eq(message->done->outcomes[0]->id, lawful.id);
    segel__lane__v1__from_lane__free_unpacked(message, NULL);
    cr_assert_eq(kill(peer.pid, SIGKILL), 0);
}

static void dies_by(const char *schedule, int number)
{
    int status = 0;
    rig_faults(schedule);
    peer_send(&peer, &lawful, 1);
    cr_expect_null(peer_receive(&peer), "%s", schedule);
    cr_assert_eq(waitpid(peer.pid, &status, 0), peer.pid);
    cr_expect(WIFSIGNALED(status) && WTERMSIG(status) == number, "%s: %x", schedule,
              (unsigned)status);
    (void)close(peer.fd);
    segel__lane__v1__from_lane__free_unpacked(peer.first, NULL);
    rig_faults("");
    struct wish wish = peer_wish("a1");
    wish.module = rig_faulty_module();
    peer = peer_opened(&wish);
}

Test(faults, a_module_that_dies_takes_the_lane_with_it_and_answers_nothing)
{
    dies_by("C_SignInit@1=kill", SIGKILL);
#ifndef __SANITIZE_ADDRESS__ /* which ends such processes its own way */
    dies_by("C_Sign@1=segv", SIGSEGV);
    dies_by("C_Sign@1=abort", SIGABRT);
#endif
}

Test(faults, a_slow_call_is_waited_for)
{
    int64_t start_us = operation_now_us();
    good_after("C_Sign@1=slow=120", 0);
    cr_expect(operation_now_us() - start_us >= 120000);
}

/* The module itself is under test here: a fault that never comes would let the tests of
 * the folder tests/faults pass. */
Test(faults, a_chance_meets_some_calls_and_not_all)
{
    unsigned failed = 0;
    rig_faults("C_Sign%30=20");
    for (unsigned i = 0; i < 100; i++) {
        failed += peer_sign(&peer, &lawful).failure == FAILURE_REQUEST ? 1 : 0;
    }
    cr_expect(failed >= 10 && failed <= 60, "%u of 100", failed);
}

Test(faults, shared_counts_make_once_mean_once_for_all_processes)
{
    (void)peer_stop(&peer);
    struct wish wish = peer_wish("a1");
    wish.module = rig_faulty_module();
    cr_assert_eq(setenv("FAULTS_COUNTS", rig_path("counts"), 1), 0);
    rig_faults("C_OpenSession@1=30");
    struct peer first = peer_start(&wish);
    cr_expect_not_null(first.failed);
    (void)peer_stop(&first);
    peer = peer_opened(&wish);
    bad_after("#again C_Sign@1=20", FAILURE_REQUEST, CKR_DATA_INVALID);
    good_after("#again C_Sign@1=20", 0);
}
