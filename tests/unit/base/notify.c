#include "gateway/notify.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* The manager's end, and what it heard last. */
static int manager = -1;
static char name[64];
static char heard[512];
static struct sg_error why;

static void listen_for(const char *watchdog_us)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int len = snprintf(name, sizeof(name), "@segel-notify-%ld", (long)getpid());

    manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    cr_assert(manager >= 0);
    memcpy(address.sun_path, name, (size_t)len);
    address.sun_path[0] = '\0';
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)len);
    cr_assert(bind(manager, (const struct sockaddr *)&address, size) == 0);
    cr_assert(setenv("NOTIFY_SOCKET", name, 1) == 0);
    if (watchdog_us != NULL) {
        cr_assert(setenv("WATCHDOG_USEC", watchdog_us, 1) == 0);
    }
}

static const char *hear(void)
{
    ssize_t len = recv(manager, heard, sizeof(heard) - 1, 0);

    heard[len < 0 ? 0 : len] = '\0';
    return heard;
}

static void done(void)
{
    notify_close();
    if (manager >= 0) {
        (void)close(manager);
    }
}

TestSuite(notify, .fini = done);

Test(notify, without_a_manager_nothing_happens)
{
    cr_assert(notify_open(&why) == SG_OK);
    notify_say("READY=1");
    notify_alive(1);
    cr_expect(notify_patience_us() == 0);
}

Test(notify, a_word_arrives_and_no_child_sees_the_socket)
{
    listen_for(NULL);
    cr_assert(notify_open(&why) == SG_OK, "%s", why.text);
    cr_expect_null(getenv("NOTIFY_SOCKET"));
    notify_say("READY=1");
    cr_expect_str_eq(hear(), "READY=1");
}

Test(notify, a_status_is_said_once)
{
    listen_for(NULL);
    cr_assert(notify_open(&why) == SG_OK);
    notify_status("serving");
    cr_expect_str_eq(hear(), "STATUS=serving");
    notify_status("serving");
    cr_expect_str_eq(hear(), "");
    notify_status("ending");
    cr_expect_str_eq(hear(), "STATUS=ending");
}

Test(notify, the_watchdog_is_fed_twice_in_its_patience)
{
    listen_for("1000000");
    cr_assert(notify_open(&why) == SG_OK);
    cr_expect(notify_patience_us() == 1000000);
    notify_alive(10000000);
    cr_expect_str_eq(hear(), "WATCHDOG=1");
    notify_alive(10499999);
    cr_expect_str_eq(hear(), "");
    notify_alive(10500000);
    cr_expect_str_eq(hear(), "WATCHDOG=1");
}

Test(notify, a_watchdog_of_another_process_is_not_ours)
{
    listen_for("1000000");
    cr_assert(setenv("WATCHDOG_PID", "1", 1) == 0);
    cr_assert(notify_open(&why) == SG_OK);
    cr_expect(notify_patience_us() == 0);
}

Test(notify, a_time_that_is_none_is_refused)
{
    listen_for("soon");
    cr_expect(notify_open(&why) == SG_INVALID);
    cr_expect(strstr(why.text, "WatchdogSec=") != NULL, "%s", why.text);
}

Test(notify, a_socket_that_is_none_is_refused)
{
    cr_assert(setenv("NOTIFY_SOCKET", "relative", 1) == 0);
    cr_expect(notify_open(&why) == SG_INVALID);
}

Test(notify, a_manager_that_is_gone_is_said)
{
    cr_assert(setenv("NOTIFY_SOCKET", "/nonexistent/notify", 1) == 0);
    cr_expect(notify_open(&why) == SG_IO);
    cr_expect(strstr(why.text, "/nonexistent/notify") != NULL, "%s", why.text);
}

Test(notify, while_a_person_is_waited_for_the_start_is_not_given_up)
{
    listen_for(NULL);
    cr_assert(notify_open(&why) == SG_OK);
    notify_waiting("waits for a PIN", 6000000);
    cr_expect_str_eq(hear(), "STATUS=waits for a PIN");
    cr_expect_str_eq(hear(), "EXTEND_TIMEOUT_USEC=30000000");
    notify_waiting("waits for a PIN", 7000000);
    cr_expect_str_eq(hear(), "");
    notify_waiting("waits for a PIN", 11000000);
    cr_expect_str_eq(hear(), "EXTEND_TIMEOUT_USEC=30000000");
}
