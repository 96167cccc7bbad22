/* A program that forks while it has a handle open: the connection is its own. */
#include <criterion/criterion.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/segel/gateway.h"
#include "tests/unit/client/support/link.h"
#include "tests/unit/segel/support/bench.h"

LINK_BEFORE_ALL_TESTS
LINK_AFTER_ALL_TESTS

TestSuite(forked, .init = bench_open, .fini = bench_close, .timeout = 60);

enum { ENDED_WELL = 5 };

static struct segel_plan *plan;
static struct segel_bulk *bulk;

/* What act says in a child, which has ten seconds for it. */
static bool holds_in_a_child(bool (*act)(void))
{
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        (void)alarm(10);
        _exit(act() ? ENDED_WELL : 1);
    }
    cr_assert_eq(waitpid(child, &status, 0), child);
    return WIFEXITED(status) && WEXITSTATUS(status) == ENDED_WELL;
}

static bool is_refused(int code)
{
    return code == SEGEL_USAGE && strcmp(error.reason, "other-process") == 0;
}

static bool all_calls_are_refused(void)
{
    struct segel_terms terms = SEGEL_INIT(terms);
    struct segel_letter letter = bench_letter("in-the-child");
    const struct segel_signer *signer = NULL;
    const struct segel_outcome *outcome = NULL;
    struct segel_plan *other = NULL;

    return is_refused(segel_signer_get(segel, "seal", NULL, &signer, &error)) &&
           is_refused(segel_plan_make(segel, &terms, &other, &error)) &&
           is_refused(segel_sign(segel, plan, &letter, &outcome, &error)) &&
           is_refused(segel_bulk_open(segel, NULL, &bulk, &error)) && signer == NULL &&
           other == NULL && outcome == NULL && bulk == NULL;
}

static bool closes(void)
{
    segel_close(segel);
    return true;
}

Test(forked, a_child_can_neither_use_nor_end_the_connection)
{
    const struct segel_signer *signer = NULL;

    plan = bench_plan("seal");
    unsigned before = atomic_load(&segel->offers.connection);
    cr_expect(holds_in_a_child(all_calls_are_refused));
    cr_expect(holds_in_a_child(closes));
    cr_assert_eq(segel_signer_get(segel, "seal", NULL, &signer, &error), SEGEL_OK, "%s",
                 error.text);
    cr_expect_eq(atomic_load(&segel->offers.connection), before, "connected again");
    segel_signer_free(signer);
    segel_plan_free(plan);
}

static int lowest_free(void)
{
    int fd = dup(STDERR_FILENO);

    (void)close(fd);
    return fd;
}

/* As where a thread asks just then: its socket is not closed either. */
static bool closes_what_is_in_hand(void)
{
    int before = lowest_free();

    segel_close(segel);
    return lowest_free() == before;
}

Test(forked, what_another_thread_had_in_hand_is_left)
{
    (void)pthread_mutex_lock(&segel->lock);
    cr_expect(holds_in_a_child(closes_what_is_in_hand));
    (void)pthread_mutex_unlock(&segel->lock);
}

/* Its threads are not there to wait for. */
static bool leaves_the_bulk(void)
{
    struct segel_progress progress = SEGEL_INIT(progress);
    struct segel_letter letter = bench_letter("in-the-child");
    const struct segel_outcome *outcome = NULL;
    bool refused = is_refused(segel_bulk_submit(bulk, plan, &letter, &error)) &&
                   is_refused(segel_bulk_next(bulk, -1, &outcome, &error));

    segel_bulk_progress(bulk, &progress);
    segel_bulk_cancel(bulk);
    segel_bulk_close(bulk);
    return refused;
}

Test(forked, a_bulk_is_left_to_the_process_that_opened_it)
{
    struct segel_letter letter = bench_letter("in-the-parent");
    const struct segel_outcome *outcome = NULL;

    plan = bench_plan("seal");
    cr_assert_eq(segel_bulk_open(segel, NULL, &bulk, &error), SEGEL_OK, "%s", error.text);
    cr_expect(holds_in_a_child(leaves_the_bulk));
    cr_assert_eq(segel_bulk_submit(bulk, plan, &letter, &error), SEGEL_OK);
    cr_assert_eq(segel_bulk_next(bulk, 30000, &outcome, &error), SEGEL_OK);
    cr_expect_eq(outcome->code, SEGEL_OK, "%s", outcome->text);
    segel_outcome_free(outcome);
    segel_bulk_close(bulk);
    segel_plan_free(plan);
}
