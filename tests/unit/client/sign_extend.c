#include "client/commands/sign/extend.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "client/commands/sign/interrupt.h"
#include "client/commands/sign/ready.h"
#include "tests/unit/client/support/home.h"

LINK_BEFORE_ALL_TESTS
LINK_AFTER_ALL_TESTS

static struct sign_extend *extend;

static void move_in(void)
{
    home_move_in();
    cr_assert_eq(sign_extend_open(&home, &extend, &why), SG_OK, "%s", why.text);
}

static void move_out(void)
{
    sign_extend_close(extend);
    home_move_out();
}

TestSuite(sign_extend, .init = move_in, .fini = move_out, .timeout = 30);

/* --- Signals ----------------------------------------------------------------------- */

/* As Ctrl-C some time after the question was asked. */
static void *interrupt_later(void *unused)
{
    const struct timespec pause = {.tv_nsec = 700000000};

    (void)nanosleep(&pause, NULL);
    (void)kill(getpid(), SIGINT);
    return unused;
}

Test(sign_extend, what_asks_for_validation_data_heeds_ctrl_c)
{
    static struct sign_ready ready;
    pthread_t other;
    bool lost = true;

    ready.home = &home;
    /* A shell's background job is born with SIGINT ignored, which the watch would heed.
     */
    (void)signal(SIGINT, SIG_DFL);
    sign_interrupt_watch();
    cr_assert_eq(pthread_create(&other, NULL, interrupt_later, NULL), 0);
    /* "sleepy": the server answers after three seconds. */
    cr_expect_eq(sign_ready_ask(&ready, "sleepy", &lost, &why), SG_CANCELLED, "%s",
                 why.text);
    cr_expect_eq(sign_interrupt_count(), 1);
    cr_expect_not(lost);
    (void)pthread_join(other, NULL);
}

/* Thousands of letters may name one key, and each question is a connection. "late": from
 * the second question on the server knows it. */
Test(sign_extend, a_refusal_is_remembered)
{
    static struct sign_ready ready;
    struct sg_error again = {0};
    bool lost = true;

    ready.home = &home;
    cr_assert_eq(sign_ready_ask(&ready, "late", &lost, &why), SG_NOT_FOUND, "%s",
                 why.text);
    cr_expect_not(lost);
    cr_expect_eq(sign_ready_ask(&ready, "late", &lost, &again), SG_NOT_FOUND, "%s",
                 again.text);
    cr_expect_str_eq(again.text, why.text);
    cr_expect_not(lost);
}

/* SigBlk of the kernel: bit n is signal n + 1. */
static unsigned long long blocked_by(const char *thread)
{
    char line[256];
    unsigned long long mask = 0;
    char path[300];

    (void)snprintf(path, sizeof(path), "/proc/self/task/%s/status", thread);
    FILE *file = fopen(path, "re");
    cr_assert_not_null(file);
    while (fgets(line, sizeof(line), file) != NULL) {
        if (strncmp(line, "SigBlk:", 7) == 0) {
            mask = strtoull(line + 7, NULL, 16);
        }
    }
    (void)fclose(file);
    return mask;
}

Test(sign_extend, its_threads_leave_signals_to_the_caller)
{
    const unsigned long long wanted =
        1ULL << (SIGINT - 1) | 1ULL << (SIGTERM - 1) | 1ULL << (SIGHUP - 1);
    char own[32];
    int others = 0;
    DIR *tasks = opendir("/proc/self/task");
    struct dirent *entry = NULL;

    cr_assert_not_null(tasks);
    (void)snprintf(own, sizeof(own), "%d", (int)getpid());
    while ((entry = readdir(tasks)) != NULL) { /* NOLINT(concurrency-mt-unsafe) */
        if (entry->d_name[0] != '.' && strcmp(entry->d_name, own) != 0) {
            others++;
            cr_expect_eq(blocked_by(entry->d_name) & wanted, wanted);
        }
    }
    (void)closedir(tasks);
    cr_expect_geq(others, 1);
    cr_expect_eq(blocked_by(own) & wanted, 0);
}
