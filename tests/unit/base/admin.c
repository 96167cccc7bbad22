#include "gateway/admin.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* The local pages, asked by plain sockets. */

enum { PLACES = 16 };

static struct admin *admin;
static int written;
static char answer[32768];

static int write_page(void *context, FILE *out)
{
    (void)context;
    written++;
    (void)fputs("all is well\n", out);
    return 200;
}

static int write_unfit(void *context, FILE *out)
{
    (void)context;
    (void)fputs("the token is gone\n", out);
    return 503;
}

static const struct admin_page pages[] = {{"/page", "text/plain", write_page},
                                          {"/unfit", "text/plain", write_unfit}};

static struct admin_options lawful(void)
{
    return (struct admin_options){
        .address = "127.0.0.1", .pages = pages, .page_count = SG_COUNT(pages)};
}

static void start_with(const struct admin_options *options)
{
    struct sg_error why = {0};

    cr_assert_eq(admin_new(options, &admin, &why), SG_OK, "%s", why.text);
    cr_assert_eq(admin_start(admin, &why), SG_OK, "%s", why.text);
}

static void start(void)
{
    const struct admin_options options = lawful();

    start_with(&options);
}

static void stop(void)
{
    admin_free(admin);
}

TestSuite(admin, .init = start, .fini = stop, .timeout = 20);
TestSuite(admin_start, .fini = stop, .timeout = 20);

static int open_link(unsigned patience_s)
{
    struct sockaddr_in name = {.sin_family = AF_INET,
                               .sin_addr = {htonl(INADDR_LOOPBACK)}};
    const struct timeval patience = {.tv_sec = (time_t)patience_s};
    const char *port = strrchr(admin_address(admin), ':') + 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    name.sin_port = htons((uint16_t)strtoul(port, NULL, 10));
    cr_assert(fd >= 0 &&
              setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) == 0);
    cr_assert_eq(connect(fd, (const struct sockaddr *)&name, sizeof(name)), 0);
    return fd;
}

static void say(int fd, const char *text)
{
    (void)send(fd, text, strlen(text), MSG_NOSIGNAL);
}

/* Everything until the other side closes; false when it does not in time. */
static bool read_all(int fd)
{
    size_t len = 0;
    ssize_t got = 1;

    while (got > 0 && len < sizeof(answer) - 1) {
        got = recv(fd, answer + len, sizeof(answer) - 1 - len, 0);
        len += got > 0 ? (size_t)got : 0;
    }
    answer[len] = '\0';
    return got == 0;
}

static void ask(const char *request)
{
    int fd = open_link(10);

    say(fd, request);
    cr_expect(read_all(fd), "the connection ends after the answer: %s", answer);
    (void)close(fd);
}

static void expect_status(const char *request, const char *status)
{
    ask(request);
    cr_expect_eq(strncmp(answer, status, strlen(status)), 0, "%s", answer);
}

#define GET(path) "GET " path " HTTP/1.1\r\nHost: 127.0.0.1:9464\r\n\r\n"

Test(admin, a_page_is_shown_and_the_connection_ends)
{
    expect_status(GET("/page"), "HTTP/1.1 200 ");
    cr_expect_not_null(strstr(answer, "\r\n\r\nall is well\n"));
    cr_expect_not_null(strstr(answer, "Content-Type: text/plain\r\n"));
    cr_expect_not_null(strstr(answer, "nosniff"));
}

Test(admin, the_status_is_the_page_s_own)
{
    expect_status(GET("/unfit"), "HTTP/1.1 503 ");
    cr_expect_not_null(strstr(answer, "the token is gone\n"));
}

Test(admin, head_sends_no_body)
{
    expect_status("HEAD /page HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP/1.1 200 ");
    cr_expect_null(strstr(answer, "all is well"));
    cr_expect_not_null(strstr(answer, "Content-Length: 12\r\n"));
    expect_status("HEAD /elsewhere HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP/1.1 404 ");
    cr_expect_str_eq(strstr(answer, "\r\n\r\n"), "\r\n\r\n");
}

Test(admin, other_methods_are_refused)
{
    static const char *const methods[] = {"POST", "PUT", "DELETE", "OPTIONS", "TRACE"};
    char request[128];

    for (size_t i = 0; i < SG_COUNT(methods); i++) {
        (void)snprintf(request, sizeof(request),
                       "%s /page HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", methods[i]);
        expect_status(request, "HTTP/1.1 405 ");
        cr_expect_not_null(strstr(answer, "Allow: GET, HEAD\r\n"), "%s", answer);
    }
    cr_expect_eq(written, 0);
}

Test(admin, other_paths_are_not_found)
{
    expect_status(GET("/"), "HTTP/1.1 404 ");
    expect_status(GET("/page/"), "HTTP/1.1 404 ");
    expect_status(GET("/page/../unfit"), "HTTP/1.1 404 ");
    expect_status(GET("/page?query=1"), "HTTP/1.1 200 ");
}

Test(admin, a_name_that_is_not_this_machine_s_is_refused)
{
    expect_status("GET /page HTTP/1.1\r\nHost: pages.example\r\n\r\n", "HTTP/1.1 403 ");
    expect_status("GET /page HTTP/1.1\r\nHost: 10.0.0.1:80\r\n\r\n", "HTTP/1.1 403 ");
    expect_status("GET http://pages.example/page HTTP/1.1\r\nHost: localhost\r\n\r\n",
                  "HTTP/1.1 403 ");
    cr_expect_eq(written, 0);
    expect_status("GET /page HTTP/1.1\r\nHost: [::1]:9464\r\n\r\n", "HTTP/1.1 200 ");
    expect_status("GET /page HTTP/1.0\r\n\r\n", "HTTP/1.");
    cr_expect_not_null(strstr(answer, "all is well"));
}

Test(admin, headers_without_end_are_refused)
{
    static char request[20000];

    memset(request, 'a', sizeof(request) - 1);
    memcpy(request, "GET /page HTTP/1.1\r\nX: ", 23);
    int fd = open_link(10);
    say(fd, request);
    (void)read_all(fd);
    cr_expect_null(strstr(answer, "all is well"));
    (void)close(fd);
    cr_expect_eq(written, 0);
    expect_status(GET("/page"), "HTTP/1.1 200 ");
}

Test(admin, a_body_is_refused)
{
    ask("GET /page HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\n\r\nhello");
    cr_expect_leq(written, 1, "the body is no request");
    ask("POST /page HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 999999999\r\n\r\n");
    cr_expect_null(strstr(answer, " 200 "));
}

Test(admin, noise_ends_the_connection)
{
    int fd = open_link(10);

    say(fd, "\x16\x03\x01\x02\x01\x01\xfc\x03\x03 nothing of HTTP\r\n\r\n");
    (void)read_all(fd);
    (void)close(fd);
    expect_status(GET("/page"), "HTTP/1.1 200 ");
}

Test(admin, requests_behind_each_other_get_one_answer)
{
    int fd = open_link(10);

    say(fd, GET("/page") GET("/page") GET("/page"));
    (void)read_all(fd);
    (void)close(fd);
    cr_expect_eq(written, 1);
}

/* Half requests, each on a connection of its own. */
static void hold(int *fds, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        fds[i] = open_link(1);
        say(fds[i], "GET /page HTT");
    }
}

Test(admin, who_holds_all_places_keeps_nobody_out)
{
    int fds[PLACES];
    char byte;

    hold(fds, PLACES);
    expect_status(GET("/page"), "HTTP/1.1 200 ");
    expect_status(GET("/page"), "HTTP/1.1 200 ");
    cr_expect_eq(recv(fds[0], &byte, 1, 0), 0, "the oldest gave way");
    say(fds[PLACES - 1], "P/1.1\r\nHost: localhost\r\n\r\n");
    cr_expect(read_all(fds[PLACES - 1]), "the newest may go on");
    cr_expect_not_null(strstr(answer, "all is well"));
    for (size_t i = 0; i < PLACES; i++) {
        (void)close(fds[i]);
    }
}

Test(admin, nor_does_who_comes_again_and_again)
{
    int fds[6 * PLACES];

    hold(fds, SG_COUNT(fds));
    expect_status(GET("/page"), "HTTP/1.1 200 ");
    for (size_t i = 0; i < SG_COUNT(fds); i++) {
        (void)close(fds[i]);
    }
}

Test(admin, places_are_given_back_again_and_again)
{
    for (size_t i = 0; i < 5UL * PLACES; i++) {
        expect_status(GET("/page"), "HTTP/1.1 200 ");
    }
}

static void allow_descriptors(rlim_t below)
{
    struct rlimit limit;

    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = below == 0 ? limit.rlim_max : below;
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static int64_t cpu_us(void)
{
    struct rusage used;

    cr_assert_eq(getrusage(RUSAGE_SELF, &used), 0);
    return (int64_t)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000 +
           used.ru_utime.tv_usec + used.ru_stime.tv_usec;
}

/* The connection waits in the kernel's queue; half a second is long. */
Test(admin, without_a_descriptor_it_rests_and_comes_back)
{
    const struct timespec nap = {.tv_nsec = 500000000};
    int last = dup(STDERR_FILENO);

    cr_assert_geq(last, 0);
    (void)close(last);
    allow_descriptors((rlim_t)last + 1);
    int fd = open_link(10);
    int64_t before_us = cpu_us();
    say(fd, GET("/page"));
    (void)nanosleep(&nap, NULL);
    int64_t used_us = cpu_us() - before_us;
    allow_descriptors(0);
    cr_expect_lt(used_us, 50000, "%lld us", (long long)used_us);
    cr_expect(read_all(fd));
    cr_expect_not_null(strstr(answer, "all is well"));
    (void)close(fd);
    expect_status(GET("/page"), "HTTP/1.1 200 ");
}

Test(admin, ends_while_connections_are_open)
{
    int fd = open_link(10);

    say(fd, "GET /pa");
    admin_free(admin);
    admin = NULL;
    cr_expect(read_all(fd));
    (void)close(fd);
}

Test(admin_start, a_connection_that_drips_is_ended)
{
    struct admin_options options = lawful();
    bool ended = false;
    char byte;

    options.life_ms = 300;
    start_with(&options);
    int fd = open_link(10);
    say(fd, "GET /page HTTP/1.1\r\n");
    for (int i = 0; i < 80 && !ended; i++) {
        say(fd, "a");
        (void)usleep(50000);
        ended = recv(fd, &byte, 1, MSG_DONTWAIT) == 0;
    }
    cr_expect(ended, "it never fell silent, and yet it has to go");
    (void)close(fd);
}

static void expect_refused(const char *address, enum sg_status status, const char *words)
{
    struct admin_options options = lawful();
    struct sg_error why = {0};

    options.address = address;
    cr_expect_eq(admin_new(&options, &admin, &why), status, "%s", address);
    cr_expect_not_null(strstr(why.text, words), "%s", why.text);
}

Test(admin_start, an_address_that_others_reach_is_refused)
{
    static const char *const addresses[] = {
        "0.0.0.0", "192.168.1.10",     "::", "10.0.0.1", "localhost",
        "127.1",   "::ffff:127.0.0.1", ""};

    for (size_t i = 0; i < SG_COUNT(addresses); i++) {
        expect_refused(addresses[i], SG_INVALID, "admin.address");
    }
    cr_expect_null(admin);
}

Test(admin_start, a_port_that_is_taken_is_named)
{
    struct admin_options options = lawful();
    struct admin *second = NULL;
    struct sg_error why = {0};

    start_with(&options);
    options.port = (uint16_t)strtoul(strrchr(admin_address(admin), ':') + 1, NULL, 10);
    cr_expect_eq(admin_new(&options, &second, &why), SG_IO);
    cr_expect_not_null(strstr(why.text, "admin.port"), "%s", why.text);
}

Test(admin_start, may_be_freed_without_a_start)
{
    const struct admin_options options = lawful();

    cr_expect_eq(admin_new(&options, &admin, NULL), SG_OK);
}
