#include "hsm/lane/outbox.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

/* When outcomes leave: each packet wakes two processes. */

static struct outbox outbox;
static int ends[2];

static void start(void)
{
    cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends), 0);
    outbox_init(&outbox, ends[0]);
}

static void stop(void)
{
    (void)close(ends[0]);
    (void)close(ends[1]);
}

TestSuite(outbox, .init = start, .fini = stop, .timeout = 30);

static const struct outlook DRY_BRIEF = {.queued = 0, .brief = true};
static const struct outlook DRY_LONG = {.queued = 0, .brief = false};
static const struct outlook BUSY = {.queued = 1, .brief = true};

static void put(struct outlook outlook)
{
    static struct outcome outcome = {.failure = FAILURE_DEVICE};
    outcome.id++;
    bool kept = outbox_put(&outbox, &outcome, outlook);
    cr_expect_eq(kept, outbox.count > 0);
}

/* How many packets have left. */
static unsigned sent(void)
{
    uint8_t packet[4096];
    unsigned count = 0;
    while (recv(ends[1], packet, sizeof(packet), 0) > 0) {
        count++;
    }
    cr_assert_eq(errno, EAGAIN);
    return count;
}

Test(outbox, the_only_outcome_leaves_at_once)
{
    outbox_expect(&outbox, 1);
    put(DRY_BRIEF);
    cr_expect_eq(sent(), 1);
    cr_expect_not(outbox_expecting(&outbox));
}

Test(outbox, the_last_outcomes_wait_for_each_other_when_all_are_brief)
{
    bool waited = false;
    /* Patience is a millisecond: a test that was not run for so long tries again. */
    for (int i = 0; i < 100 && !waited; i++) {
        outbox_expect(&outbox, 3);
        put(DRY_BRIEF);
        put(DRY_BRIEF);
        waited = sent() == 0;
        put(DRY_BRIEF);
        cr_expect(sent() == 1 || !waited);
    }
    cr_expect(waited);
}

Test(outbox, none_waits_for_another_that_takes_long)
{
    outbox_expect(&outbox, 2);
    put(DRY_LONG);
    cr_expect_eq(sent(), 1);
    put(DRY_LONG);
    cr_expect_eq(sent(), 1);
}

Test(outbox, what_waited_in_vain_leaves_when_it_is_due)
{
    outbox_expect(&outbox, 2);
    put(DRY_BRIEF);
    cr_expect(outbox_expecting(&outbox));
    (void)usleep(2000);
    outbox_flush_due(&outbox);
    cr_expect_eq(sent(), 1);
}

Test(outbox, a_full_packet_leaves_whatever_is_queued)
{
    outbox_expect(&outbox, OUTBOX_BATCH + 1);
    for (int i = 0; i < OUTBOX_BATCH - 1; i++) {
        put(BUSY);
    }
    put(BUSY);
    cr_expect_geq(sent(), 1);
    cr_expect_eq(outbox.count, 0);
}
