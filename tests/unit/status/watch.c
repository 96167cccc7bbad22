#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/status/inside.h"

/* Several addresses are asked at once: one that never answers holds up no other, and one
 * host cannot take all places. */

/* --- Servers --------------------------------------------------------------------- */

struct port {
    int fd;
    char url[64];
};

static struct port listen_here(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof(address);
    struct port port = {.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};

    cr_assert_eq(bind(port.fd, (struct sockaddr *)&address, len), 0);
    cr_assert_eq(listen(port.fd, 16), 0);
    cr_assert_eq(getsockname(port.fd, (struct sockaddr *)&address, &len), 0);
    (void)snprintf(port.url, sizeof(port.url), "http://127.0.0.1:%u/",
                   ntohs(address.sin_port));
    return port;
}

/* Answers one question; the other port is listened on by nobody who reads. */
static void *answer_once(void *context)
{
    static const char text[] = "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello";
    char question[2048];
    int fd = accept(*(int *)context, NULL, NULL);

    if (fd >= 0 && read(fd, question, sizeof(question)) > 0) {
        cr_assert_eq(write(fd, text, sizeof(text) - 1), (ssize_t)sizeof(text) - 1);
    }
    (void)close(fd);
    return NULL;
}

static struct fetches *open_fetches(int64_t timeout_ms)
{
    const struct fetch_limits limits = {timeout_ms, 100, "", true};
    struct fetches *fetches = NULL;

    cr_assert(fetch_setup() == SG_OK && fetches_new(&limits, &fetches) == SG_OK);
    return fetches;
}

static enum sg_status ask(struct fetches *fetches, const char *url, void *context)
{
    const struct fetch fetch = {.url = url, .context = context};
    struct sg_error why = {0};

    return fetch_begin(fetches, &fetch, &why);
}

static struct fetch_end next_end(struct fetches *fetches)
{
    struct fetch_end end;

    while (!fetches_wait(fetches, 1000, &end)) {
        continue;
    }
    return end;
}

TestSuite(watch, .timeout = 20);

Test(watch, who_answers_is_heard_beside_who_never_does)
{
    struct port silent = listen_here();
    struct port speaking = listen_here();
    struct fetches *fetches = open_fetches(600000);
    pthread_t server;

    cr_assert_eq(pthread_create(&server, NULL, answer_once, &speaking.fd), 0);
    cr_assert_eq(ask(fetches, silent.url, &silent), SG_OK);
    cr_assert_eq(ask(fetches, speaking.url, &speaking), SG_OK);
    struct fetch_end end = next_end(fetches);
    cr_expect_eq(end.context, &speaking);
    cr_expect_eq(end.status, SG_OK, "%s", end.why.text);
    cr_expect(slice_equal(slice_of(end.answer.data, end.answer.len), slice_str("hello")));
    fetched_fini(&end.answer);
    fetches_free(fetches); /* ends at once, with the other one under way */
    (void)pthread_join(server, NULL);
    (void)close(silent.fd);
    (void)close(speaking.fd);
}

Test(watch, who_never_answers_ends_with_its_own_time)
{
    struct port silent = listen_here();
    struct fetches *fetches = open_fetches(150);

    cr_assert_eq(ask(fetches, silent.url, &silent), SG_OK);
    struct fetch_end end = next_end(fetches);
    cr_expect_eq(end.context, &silent);
    cr_expect_eq(end.status, SG_TIMEOUT);
    cr_expect_null(end.answer.data);
    fetches_free(fetches);
    (void)close(silent.fd);
}

Test(watch, so_many_at_once_and_no_more)
{
    struct port silent = listen_here();
    struct fetches *fetches = open_fetches(600000);

    for (int i = 0; i < FETCHES_MAX; i++) {
        cr_assert_eq(ask(fetches, silent.url, NULL), SG_OK);
    }
    cr_expect_eq(ask(fetches, silent.url, NULL), SG_BUSY);
    fetches_free(fetches);
    (void)close(silent.fd);
}

static void *wake_up(void *context)
{
    fetches_wake((struct fetches *)context);
    return NULL;
}

Test(watch, another_thread_ends_the_wait)
{
    struct port silent = listen_here();
    struct fetches *fetches = open_fetches(600000);
    struct fetch_end end;
    pthread_t other;

    cr_assert_eq(ask(fetches, silent.url, NULL), SG_OK);
    cr_assert_eq(pthread_create(&other, NULL, wake_up, fetches), 0);
    (void)pthread_join(other, NULL);
    for (int i = 0; i < 4; i++) { /* the first may return because something moved */
        cr_expect_not(fetches_wait(fetches, i == 0 ? 600000 : 0, &end));
    }
    fetches_free(fetches);
    (void)close(silent.fd);
}

/* --- Turns ----------------------------------------------------------------------- */

enum { LINKS = 3 };
static struct watched links[LINKS];
static struct status status = {.links = links, .link_count = LINKS};

static struct source *set(struct source *source, const char *url, int64_t due_us)
{
    (void)snprintf(source->url, sizeof(source->url), "%s", url);
    source->due_us = due_us;
    return source;
}

Test(watch, the_one_that_has_been_due_for_longest_is_next)
{
    int64_t due_us = 0;
    struct source *late = set(&links[0].crl, "http://a/1", 50);
    struct source *first = set(&links[1].crl, "http://a/2", 40);
    (void)set(&links[2].ocsp, "", 0);

    cr_expect_eq(watch_next(&status, 100, &due_us), first);
    first->asked = true;
    cr_expect_eq(watch_next(&status, 100, &due_us), late);
    cr_expect_null(watch_next(&status, 45, &due_us));
    cr_expect_eq(due_us, 50);
    late->asked = true;
    cr_expect_null(watch_next(&status, 100, &due_us));
    cr_expect_gt(due_us, 1000000);
}

Test(watch, one_host_does_not_take_all_places)
{
    int64_t due_us = 0;
    struct source *other = set(&links[2].crl, "http://b:80/1", 90);

    set(&links[0].crl, "http://a:80/1", 10)->asked = true;
    set(&links[0].ocsp, "http://A:80?2", 20)->asked = true;
    struct source *third = set(&links[1].crl, "http://a:80/3", 30);
    cr_expect_eq(watch_next(&status, 100, &due_us), other);
    other->asked = true;
    cr_expect_null(watch_next(&status, 100, &due_us));
    links[0].crl.asked = false;
    links[0].crl.due_us = 1000;
    cr_expect_eq(watch_next(&status, 100, &due_us), third);
}
