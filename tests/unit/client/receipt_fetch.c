#include "client/commands/receipt/fetch.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "client/channel/moment.h"
#include "tests/unit/client/support/link.h"

LINK_BEFORE_ALL_TESTS
LINK_AFTER_ALL_TESTS

enum { ORDERS = RECEIPTS_IN_FLIGHT + 8, SOON_US = 10000000 };

static atomic_bool given_up;
static size_t ordered;
static size_t stopped;
static size_t taken;

static bool next(void *context, struct receipt_order *out)
{
    *out = (struct receipt_order){.request_id = "r-1", .caller = ""};
    (void)context;
    return ordered++ < ORDERS;
}

static void take(void *context, const struct receipt_order *order, struct slice proof,
                 enum sg_status status, const struct sg_error *reason)
{
    (void)context;
    (void)order;
    (void)proof;
    (void)reason;
    taken++;
    stopped += status == SG_CANCELLED ? 1 : 0;
}

static void *give_up_later(void *unused)
{
    (void)usleep(500000);
    atomic_store(&given_up, true);
    return unused;
}

/* No checkpoint covers them for a long while. */
static void let_receipts_wait(void)
{
    FILE *file = fopen(server_file(&server, "receipts.txt"), "we");

    cr_assert(file != NULL && fputs("pending\n", file) >= 0 && fclose(file) == 0);
}

Test(receipt_fetch, those_under_way_and_those_behind_them_are_given_up,
     .init = connect_to_server, .fini = disconnect)
{
    const struct receipt_orders orders = {.next = next, .given_up = &given_up};
    const struct receipt_sink sink = {take, NULL};
    int64_t from_us = moment_mono_us();
    pthread_t other;

    let_receipts_wait();
    cr_assert_eq(pthread_create(&other, NULL, give_up_later, NULL), 0);
    cr_expect_eq(receipts_fetch(channel, &orders, &sink), SG_CANCELLED);
    cr_expect_lt(moment_mono_us() - from_us, SOON_US);
    cr_expect_eq(taken, ORDERS);
    cr_expect_eq(stopped, ORDERS);
    (void)pthread_join(other, NULL);
}
