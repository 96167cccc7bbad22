#include "gateway/transport/passed.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* What the variables of systemd say. Sockets that are really passed:
 * tests/system/doors.py. */

TestSuite(passed, .timeout = 30);

static void say(const char *pid, const char *fds, const char *names)
{
    cr_assert_eq(setenv("LISTEN_PID", pid, 1), 0);
    cr_assert_eq(setenv("LISTEN_FDS", fds, 1), 0);
    cr_assert_eq(setenv("LISTEN_FDNAMES", names, 1), 0);
}

static const char *own_pid(void)
{
    static char text[16];

    (void)snprintf(text, sizeof(text), "%d", (int)getpid());
    return text;
}

static void expect_forgotten(void)
{
    cr_expect_null(getenv("LISTEN_PID"));
    cr_expect_null(getenv("LISTEN_FDS"));
    cr_expect_null(getenv("LISTEN_FDNAMES"));
}

static void expect_none(const char *name)
{
    struct sg_error why = {0};
    int fd = -1;

    cr_expect_eq(passed_take(name, false, &fd, &why), SG_INVALID);
    cr_expect_not_null(strstr(why.text, name), "%s", why.text);
    cr_expect_eq(fd, -1);
}

Test(passed, nothing_passed_is_no_error)
{
    cr_assert_eq(unsetenv("LISTEN_PID"), 0);
    cr_expect_eq(passed_collect(NULL), SG_OK);
    expect_none("grpc");
}

Test(passed, what_is_meant_for_another_process_is_not_taken)
{
    say("1", "1", "grpc");
    cr_expect_eq(passed_collect(NULL), SG_OK);
    expect_forgotten();
    expect_none("grpc");
}

Test(passed, a_count_that_is_no_number_or_too_large_is_refused)
{
    static const char *const counts[] = {"", "x", "-1", "65", "99999999999999999999"};

    for (size_t i = 0; i < SG_COUNT(counts); i++) {
        struct sg_error why = {0};
        say(own_pid(), counts[i], "grpc");
        cr_expect_eq(passed_collect(&why), SG_INVALID, "%s", counts[i]);
        cr_expect_not_null(strstr(why.text, "LISTEN_FDS"), "%s", why.text);
        expect_forgotten();
    }
}

Test(passed, a_descriptor_that_is_not_open_is_named)
{
    struct sg_error why = {0};

    say(own_pid(), "64", "grpc");
    cr_expect_eq(passed_collect(&why), SG_INVALID);
    cr_expect_not_null(strstr(why.text, "is not open"), "%s", why.text);
}

Test(passed, none_at_all_is_lawful)
{
    say(own_pid(), "0", "");
    cr_expect_eq(passed_collect(NULL), SG_OK);
    expect_forgotten();
}
