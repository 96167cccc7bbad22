#include <criterion/criterion.h>
#include <signal.h>
#include <unistd.h>

#include "hsm/lane/ring.h"
#include "tests/unit/hsm/support/peer.h"
#include "tests/unit/hsm/support/rig.h"

/* A lane that has learnt that its module is quick calls it several times in a row before
 * it checks what that gave. */

enum { FIRST = 500000, COUNT = 8, SHARE = COUNT / 2 };
static_assert((int)SHARE <= (int)RING_BATCH, "one of two workers takes half of them");

static struct peer peer;
static struct operation lawful;

static void start(void)
{
    rig_make();
    rig_key("rsa-2048", "b1", NULL);
    struct wish wish = peer_wish("b1");
    wish.module = rig_quick_faulty_module();
    peer = peer_opened(&wish);
    lawful = peer_operation(&peer, 0, MECHANISM_RSA_PKCS1);
    for (size_t i = 0; i < 40; i++) {
        cr_assert_eq(peer_sign(&peer, &lawful).failure, FAILURE_NONE);
    }
}

TestSuite(row, .init = start, .fini = rig_remove, .timeout = 60);

static void send_row(void)
{
    struct operation operations[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        operations[i] = lawful;
        operations[i].id = FIRST + i;
    }
    peer_send(&peer, operations, COUNT);
}

/* At least so many outcomes, each of which must end like this. Gives how many came. */
static size_t expect(size_t wanted, enum failure failure)
{
    size_t have = 0;
    while (have < wanted) {
        Segel__Lane__V1__FromLane *message = peer_receive(&peer);
        cr_assert_not_null(message);
        for (size_t i = 0; i < message->done->n_outcomes; i++) {
            const Segel__Lane__V1__Outcome *outcome = message->done->outcomes[i];
            cr_expect_eq((enum failure)outcome->failure, failure);
            cr_expect_eq(outcome->signature.len > 0, failure == FAILURE_NONE);
        }
        have += message->done->n_outcomes;
        segel__lane__v1__from_lane__free_unpacked(message, NULL);
    }
    return have;
}

Test(row, what_is_signed_does_not_wait_for_a_module_that_turned_slow)
{
    unsigned before = rig_calls("C_Sign");
    rig_faults("C_Sign@1+=slow=200");
    send_row();
    size_t have = expect(1, FAILURE_NONE);
    cr_expect_lt(rig_calls("C_Sign") - before, SHARE);
    cr_expect_eq(have + expect(COUNT - have, FAILURE_NONE), COUNT);
    cr_expect_eq(peer_stop(&peer), 0);
}

Test(row, only_what_was_begun_is_marked)
{
    unsigned before = rig_calls("C_Sign");
    rig_faults("C_Sign@1+=hang");
    send_row();
    while (rig_calls("C_Sign") == before) {
        (void)usleep(1000);
    }
    cr_expect_lt(peer.marks->begun[MARK_RSA], FIRST + SHARE - 1);
    cr_assert_eq(kill(peer.pid, SIGKILL), 0);
    (void)peer_stop(&peer);
}

/* What is signed first is checked last: nothing leaves on another one's word. */
Test(row, each_signature_is_checked)
{
    rig_faults("C_Sign@1+=flip");
    send_row();
    cr_expect_eq(expect(COUNT, FAILURE_DEVICE), COUNT);
    cr_expect_eq(peer_stop(&peer), 0);
}

/* Of a device that is not quick, the calls that it refuses are: it gets as many at once
 * as before. */
Test(row, what_the_module_refuses_at_once_does_not_count)
{
    rig_faults("C_Sign@1+=slow=1");
    for (size_t i = 0; i < 40; i++) {
        cr_assert_eq(peer_sign(&peer, &lawful).failure, FAILURE_NONE);
    }
    rig_faults("C_SignInit@1+=70"); /* CKR_MECHANISM_INVALID */
    for (size_t i = 0; i < 40; i++) {
        cr_assert_eq(peer_sign(&peer, &lawful).failure, FAILURE_REQUEST);
    }
    unsigned before = rig_calls("C_Sign");
    rig_faults("C_Sign@1+=slow=1000");
    send_row();
    for (int i = 0; i < 600 && rig_calls("C_Sign") < before + 2; i++) {
        (void)usleep(1000);
    }
    cr_expect_eq(rig_calls("C_Sign") - before, 2, "both workers are in the module");
    cr_expect_eq(expect(COUNT, FAILURE_NONE), COUNT);
    cr_expect_eq(peer_stop(&peer), 0);
}
