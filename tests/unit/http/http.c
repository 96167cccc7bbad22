#include "gateway/http/http.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* Several are asked at once: one that never answers holds up no other, and none gives
 * more than was asked for, or is at an address that may not be asked. */

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

enum { LONG_BODY = 100000 };

/* Answers one question, with a body that grows more than once; a silent port is listened
 * on by nobody who reads. */
static void *answer_once(void *context)
{
    static const char head[] = "HTTP/1.0 404 Not Found\r\nContent-Type: text/x\r\n\r\n";
    static uint8_t body[LONG_BODY];
    char question[2048];
    int fd = accept(*(int *)context, NULL, NULL);

    memset(body, 'x', sizeof(body));
    body[LONG_BODY - 1] = 'y';
    if (fd >= 0 && read(fd, question, sizeof(question)) > 0) {
        (void)send(fd, head, sizeof(head) - 1, MSG_NOSIGNAL);
        (void)send(fd, body, sizeof(body), MSG_NOSIGNAL); /* who has enough hangs up */
    }
    (void)close(fd);
    return NULL;
}

static struct http *engine(const char *proxy)
{
    struct http *http = NULL;

    cr_assert_eq(http_new(proxy, &http), SG_OK);
    return http;
}

/* What is asked unless a test spoils it. */
static struct http_request request_to(const char *url, void *context)
{
    return (struct http_request){.url = url,
                                 .schemes = "http,https",
                                 .ca = "",
                                 .timeout_ms = 600000,
                                 .max_bytes = LONG_BODY,
                                 .private_addresses = true,
                                 .context = context};
}

static enum sg_status begin(struct http *http, const struct http_request *request)
{
    struct sg_error why = {0};

    return http_begin(http, request, &why);
}

static struct http_answer next_answer(struct http *http)
{
    struct http_answer answer;

    while (!http_wait(http, 1000, &answer)) {
        continue;
    }
    return answer;
}

/* The only one under way. */
static struct http_answer answer_to(const char *proxy, const struct http_request *request)
{
    struct http *http = engine(proxy);

    cr_assert_eq(begin(http, request), SG_OK);
    struct http_answer answer = next_answer(http);
    cr_expect_eq(http_load(http), 0);
    http_free(http);
    return answer;
}

static void expect_failure(struct http_answer *answer, enum sg_status status,
                           const char *word)
{
    cr_expect_eq(answer->status, status, "%s", sg_status_name(answer->status));
    cr_expect_not_null(strstr(answer->why.text, word), "%s", answer->why.text);
    cr_expect_null(answer->data);
}

/* --- Several at once ------------------------------------------------------------- */

static struct port silent;
static struct port speaking;
static pthread_t server;

static void open_ports(void)
{
    silent = listen_here();
    speaking = listen_here();
    cr_assert_eq(pthread_create(&server, NULL, answer_once, &speaking.fd), 0);
}

static void close_ports(void)
{
    (void)shutdown(speaking.fd, SHUT_RDWR); /* where nobody has asked */
    (void)pthread_join(server, NULL);
    (void)close(silent.fd);
    (void)close(speaking.fd);
}

TestSuite(http, .init = open_ports, .fini = close_ports, .timeout = 20);

Test(http, who_answers_is_heard_beside_who_never_does)
{
    struct http *http = engine("");
    const struct http_request first = request_to(silent.url, &silent);
    const struct http_request second = request_to(speaking.url, &speaking);

    cr_assert_eq(begin(http, &first), SG_OK);
    cr_assert_eq(begin(http, &second), SG_OK);
    struct http_answer answer = next_answer(http);
    cr_expect_eq(answer.context, &speaking);
    cr_assert_eq(answer.status, SG_OK, "%s", answer.why.text);
    cr_expect_eq(answer.code, 404);
    cr_expect_str_eq(answer.type, "text/x");
    cr_assert_eq(answer.len, LONG_BODY);
    cr_expect(answer.data[0] == 'x' && answer.data[LONG_BODY - 1] == 'y');
    http_answer_fini(&answer);
    cr_expect_eq(http_load(http), 1);
    http_free(http); /* ends at once, with the other one under way */
}

Test(http, who_never_answers_ends_with_its_own_time)
{
    struct http_request request = request_to(silent.url, &silent);

    request.timeout_ms = 150;
    struct http_answer answer = answer_to("", &request);
    cr_expect_eq(answer.context, &silent);
    expect_failure(&answer, SG_TIMEOUT, "imeout");
}

Test(http, so_many_at_once_and_no_more)
{
    struct http *http = engine("");
    const struct http_request request = request_to(silent.url, NULL);

    for (int i = 0; i < HTTP_REQUESTS_MAX; i++) {
        cr_assert_eq(begin(http, &request), SG_OK);
    }
    cr_expect_eq(begin(http, &request), SG_BUSY);
    http_free(http);
}

static void *wake_up(void *context)
{
    http_wake((struct http *)context);
    return NULL;
}

Test(http, another_thread_ends_the_wait)
{
    struct http *http = engine("");
    const struct http_request request = request_to(silent.url, NULL);
    struct http_answer answer;
    pthread_t other;

    cr_assert_eq(begin(http, &request), SG_OK);
    cr_assert_eq(pthread_create(&other, NULL, wake_up, http), 0);
    (void)pthread_join(other, NULL);
    for (int i = 0; i < 4; i++) { /* the first may return because something moved */
        cr_expect_not(http_wait(http, i == 0 ? 600000 : 0, &answer));
    }
    http_free(http);
}

/* --- What is not asked, and not taken -------------------------------------------- */

Test(http, one_byte_too_many_is_refused)
{
    struct http_request request = request_to(speaking.url, NULL);

    request.max_bytes = LONG_BODY - 1;
    struct http_answer answer = answer_to("", &request);
    expect_failure(&answer, SG_TOO_LARGE, "more than 99999 bytes");
}

Test(http, a_private_address_is_asked_only_where_that_is_allowed)
{
    struct http_request request = request_to(silent.url, NULL);

    request.private_addresses = false;
    struct http_answer answer = answer_to("", &request);
    expect_failure(&answer, SG_DENIED, "private network");
}

Test(http, a_scheme_that_is_not_allowed_is_not_spoken)
{
    struct http_request request = request_to("https://127.0.0.1:1/", NULL);

    request.schemes = "http";
    struct http_answer answer = answer_to("", &request);
    expect_failure(&answer, SG_IO, "protocol");
}

Test(http, the_environment_names_no_proxy)
{
    struct http_request request = request_to(silent.url, NULL);

    cr_assert_eq(setenv("http_proxy", speaking.url, 1), 0);
    request.timeout_ms = 150;
    struct http_answer answer = answer_to("", &request);
    expect_failure(&answer, SG_TIMEOUT, "imeout");
}

/* It decides what may be asked: past it, nothing would. */
Test(http, the_environment_leads_nobody_past_the_proxy)
{
    struct http_request request = request_to(silent.url, NULL);

    cr_assert_eq(setenv("no_proxy", "*", 1), 0);
    request.timeout_ms = 10000;
    request.private_addresses = false;
    struct http_answer answer = answer_to(speaking.url, &request);
    cr_expect_eq(answer.status, SG_OK, "%s", answer.why.text);
    http_answer_fini(&answer);
}
