#include "gateway/service/caller.h"

#include <criterion/criterion.h>

#include "gateway/service/inside.h"

/* Who is remembered, and for how long: users of this machine, as many as we like. */

enum { USERS = 1000, SHELF = ROLL_SHELVES };

static struct config_caller rows[USERS];
static char texts[USERS][16];
static struct config config;
static struct roll roll;
static struct services services;

static void init(void)
{
    for (size_t i = 0; i < USERS; i++) {
        (void)snprintf(texts[i], sizeof(texts[i]), "uid:%zu", i);
        rows[i] = (struct config_caller){.name = texts[i], .match = texts[i]};
    }
    config = (struct config){.callers = rows, .caller_count = USERS};
    roll = (struct roll){.config = &config};
    services = (struct services){.options = {.config = &config}, .roll = &roll};
    cr_assert_eq(pthread_mutex_init(&services.callers_lock, NULL), 0);
}

TestSuite(caller, .init = init);

static struct caller *identify(uid_t uid)
{
    const struct peer peer = {.address = "unix", .local = true, .uid = uid};
    struct sg_error why = {0};
    struct caller *caller = (struct caller *)caller_identify(&services, &peer, &why);

    cr_assert_not_null(caller, "%s", why.text);
    cr_assert_str_eq(caller->fingerprint_text, texts[uid]);
    return caller;
}

static size_t remembered(void)
{
    size_t count = 0;

    for (size_t i = 0; i < ROLL_SHELVES; i++) {
        for (const struct caller *at = roll.shelves[i]; at != NULL; at = at->next) {
            count++;
        }
    }
    return count;
}

Test(caller, those_that_nobody_uses_do_not_add_up)
{
    for (uid_t uid = 0; uid < USERS; uid++) {
        caller_release(identify(uid));
    }
    cr_expect_leq(remembered(), ROLL_SHELVES);
}

Test(caller, those_in_use_stay)
{
    struct caller *held[USERS];

    for (uid_t uid = 0; uid < USERS; uid++) {
        held[uid] = identify(uid);
    }
    cr_expect_eq(remembered(), USERS);
    for (uid_t uid = 0; uid < USERS; uid++) {
        cr_assert_eq(identify(uid), held[uid], "%u", uid);
    }
    cr_expect_eq(remembered(), USERS);
}

/* A call that its connection does not outlive, as a job under way. */
Test(caller, one_that_is_held_outlives_its_connection)
{
    struct caller *caller = caller_hold(identify(1));

    caller_release(caller);
    caller_release(identify(1 + SHELF));
    caller_release(identify(1 + 2 * SHELF));
    cr_expect_eq(identify(1), caller);
    cr_expect_eq(remembered(), 2);
    caller_release(caller);
    caller_release(caller);
    caller_release(identify(1 + 3 * SHELF));
    cr_expect_eq(remembered(), 1);
}
