#include <criterion/criterion.h>
#include <time.h>

#include "tests/unit/transport/support/echo.h"

/* Signs of life, the age of connections, and how clients are sent away. */

/* Long enough for a connection and its first call, on a machine that stands still. */
enum { AGE_MS = 1500 };

static struct echo echo;
static struct server_limits limits;
static struct peer_link link_;
static uint8_t bytes[100];
static size_t said; /* bytes, on the one stream that chats */

static void init(void)
{
    limits = SERVER_LIMITS_DEFAULT;
}

static void stop(void)
{
    peer_close(&link_);
    echo_stop(&echo);
}

TestSuite(upkeep, .init = init, .fini = stop, .timeout = 20);

static void start(void)
{
    echo_start(&echo, &limits);
    echo_connect(&echo, &link_);
}

static void say(uint32_t stream)
{
    struct slice message = echo_message("a", 8, bytes, sizeof(bytes));

    peer_message(&link_, stream, message, false);
    (void)peer_send(&link_);
    said += message.len + 5;
}

static void open_chat(uint32_t stream)
{
    said = 0;
    peer_headers(&link_, stream, "/test.Echo/Chat", NULL, false);
    say(stream);
}

/* All that was said comes back. */
static void expect_echo(uint32_t stream)
{
    struct reply *reply = peer_reply(&link_, stream);

    say(stream);
    while (reply->bytes < said && peer_read(&link_)) {
        continue;
    }
    cr_expect_eq(reply->bytes, said);
}

static void end_chat(uint32_t stream)
{
    peer_data(&link_, stream, slice_of(NULL, 0), true);
    cr_expect_eq(peer_wait(&link_, stream)->grpc, 0);
}

static void read_until(const size_t *count, size_t value)
{
    (void)peer_send(&link_);
    while (*count < value && peer_read(&link_)) {
        continue;
    }
    cr_expect_eq(*count, value);
}

/* --- Signs of life ----------------------------------------------------------------- */

Test(upkeep, silent_peer_that_answers_stays)
{
    limits.keepalive_ms = 40;
    limits.keepalive_timeout_ms = 1000;
    start();
    open_chat(1);
    read_until(&link_.pings, 3);
    expect_echo(1);
    end_chat(1);
    cr_expect_eq(link_.goaways, 0);
}

Test(upkeep, silent_peer_that_does_not_answer_is_cut)
{
    limits.keepalive_ms = AGE_MS;
    limits.keepalive_timeout_ms = 100;
    start();
    link_.mute = true;
    open_chat(1);
    cr_expect(peer_wait_closed(&link_));
    cr_expect_eq(link_.pings, 1);
    cr_expect_eq(link_.goaways, 1);
    cr_expect_eq(link_.goaway_code, NGHTTP2_NO_ERROR);
    cr_expect(echo_counted(&echo, refused[LIMIT_KEEPALIVE_TIMEOUT], 1));
    cr_expect(echo_reaches(&echo.closed, 1));
}

/* Whatever it says: a PING is a question, not a duty to answer before all else. */
Test(upkeep, peer_that_says_anything_lives)
{
    limits.keepalive_ms = 40;
    limits.keepalive_timeout_ms = 1000;
    start();
    link_.mute = true;
    open_chat(1);
    for (size_t i = 1; i <= 3; i++) {
        read_until(&link_.pings, i);
        expect_echo(1);
    }
    end_chat(1);
}

/* --- Age --------------------------------------------------------------------------- */

static void expect_new_call_is_not_served(uint32_t stream)
{
    unsigned opened = atomic_load(&echo.opened);

    peer_headers(&link_, stream, "/test.Echo/Unary", NULL, false);
    peer_message(&link_, stream, echo_message("a", 8, bytes, sizeof(bytes)), true);
    expect_echo(1);
    cr_expect_eq(peer_reply(&link_, stream)->grpc, -1);
    cr_expect_eq(atomic_load(&echo.opened), opened);
}

Test(upkeep, old_connection_goes_when_its_calls_have_ended)
{
    limits.age_ms = AGE_MS;
    limits.age_grace_ms = 0;
    limits.keepalive_ms = 40;
    start();
    open_chat(1);
    read_until(&link_.goaways, 2);
    cr_expect_eq(link_.goaway_first, (uint32_t)INT32_MAX, "the notice refuses nothing");
    cr_expect_eq(link_.goaway_last, 1);
    cr_expect_eq(link_.goaway_code, NGHTTP2_NO_ERROR);
    cr_expect(echo_counted(&echo, refused[LIMIT_AGE], 1));
    expect_echo(1);
    expect_new_call_is_not_served(3);
    read_until(&link_.pings, link_.pings + 3);
    end_chat(1);
    cr_expect(peer_wait_closed(&link_));
    cr_expect_eq(link_.goaways, 2);
    cr_expect(echo_counted(&echo, refused[LIMIT_GRACE], 0));
}

/* The client began a call before it had read the notice. */
Test(upkeep, call_between_the_two_goaways_is_served)
{
    limits.age_ms = AGE_MS;
    start();
    link_.mute = true;
    open_chat(1);
    read_until(&link_.goaways, 1);
    cr_expect_eq(echo_call(&link_, 3), 0);
    end_chat(1);
}

Test(upkeep, calls_of_an_old_connection_end_with_its_grace)
{
    limits.age_ms = AGE_MS;
    limits.age_grace_ms = 500;
    start();
    open_chat(1);
    cr_expect(peer_wait_closed(&link_));
    cr_expect_eq(peer_reply(&link_, 1)->grpc, -1);
    cr_expect_eq(link_.goaway_code, NGHTTP2_NO_ERROR);
    cr_expect(echo_counted(&echo, refused[LIMIT_AGE], 1));
    cr_expect(echo_counted(&echo, refused[LIMIT_GRACE], 1));
    cr_expect(echo_reaches(&echo.closed, 1));
}

static int64_t age_of_new_connection(void)
{
    struct peer_link other;

    echo_connect(&echo, &other);
    cr_expect_eq(echo_call(&other, 1), 0);
    peer_close(&other);
    return atomic_load(&echo.age_left_us);
}

/* A tenth more or less than 1000 s; and the call comes a moment later. */
Test(upkeep, connections_that_came_together_do_not_go_together)
{
    int64_t least = INT64_MAX;
    int64_t most = 0;

    limits.age_ms = 1000000;
    start();
    for (int i = 0; i < 30; i++) {
        int64_t age_us = age_of_new_connection();
        least = age_us < least ? age_us : least;
        most = age_us > most ? age_us : most;
    }
    cr_expect_geq(least, INT64_C(890000000));
    cr_expect_leq(most, INT64_C(1100000000));
    cr_expect_geq(most - least, INT64_C(20000000));
}

Test(upkeep, connections_last_by_default)
{
    start();
    cr_expect_eq(limits.age_ms, 0);
    cr_expect_eq(echo_call(&link_, 1), 0);
    cr_expect_lt(atomic_load(&echo.age_left_us), 0);
}

/* --- Draining ---------------------------------------------------------------------- */

Test(upkeep, client_that_does_not_answer_is_sent_away_all_the_same)
{
    start();
    link_.mute = true;
    open_chat(1);
    cr_assert(echo_reaches(&echo.messages, 1));
    server_drain(echo.server);
    read_until(&link_.goaways, 2);
    cr_expect_eq(link_.pings, 1);
    end_chat(1);
    cr_expect(peer_wait_closed(&link_));
    cr_expect(server_idle(echo.server));
}

/* Two clients on one server: the one that answers is sent away before the other. Another
 * try where the machine was so slow that the time of both had come. */
static bool quick_client_goes_first(void)
{
    struct peer_link quick;

    start();
    echo_connect(&echo, &quick);
    link_.mute = true;
    open_chat(1);
    cr_expect_eq(echo_call(&quick, 1), 0);
    peer_headers(&quick, 3, "/test.Echo/Chat", NULL, false);
    (void)peer_send(&quick);
    cr_assert(echo_reaches(&echo.opened, 3));
    server_drain(echo.server);
    while (quick.goaways < 2 && peer_read(&quick)) {
        continue;
    }
    cr_expect_eq(quick.goaways, 2);
    peer_data(&quick, 3, slice_of(NULL, 0), true);
    cr_expect_eq(peer_wait(&quick, 3)->grpc, 0);
    peer_close(&quick);
    expect_echo(1); /* behind whatever was sent before */
    return link_.goaways == 1;
}

Test(upkeep, client_that_answers_is_sent_away_at_once)
{
    bool first = quick_client_goes_first();

    for (int i = 0; i < 10 && !first; i++) {
        stop();
        first = quick_client_goes_first();
    }
    cr_expect(first);
}

Test(upkeep, drain_ends_when_all_clients_have_answered)
{
    start();
    cr_expect_eq(echo_call(&link_, 1), 0);
    server_drain(echo.server);
    cr_expect(peer_wait_closed(&link_));
    cr_expect_eq(link_.pings, 1);
    cr_expect_eq(link_.goaways, 2);
    cr_expect(server_idle(echo.server));
}

/* Its answer says that the peer has read the notice: so it comes behind it. */
Test(upkeep, notice_comes_before_its_ping)
{
    start();
    link_.mute = true;
    open_chat(1);
    cr_assert(echo_reaches(&echo.messages, 1));
    server_drain(echo.server);
    read_until(&link_.pings, 1);
    cr_expect_geq(link_.goaways, 1);
    cr_expect_eq(link_.goaway_first, (uint32_t)INT32_MAX);
    cr_expect_eq(link_.pings_first, 0);
    end_chat(1);
}

static void wait_ms(long ms)
{
    const struct timespec nap = {.tv_nsec = ms * 1000000};

    (void)nanosleep(&nap, NULL);
}

/* More than all buffers on the way hold. */
static void begin_long_answer(void)
{
    const struct peer_options options = {.port = server_port(echo.server, 0),
                                         .ca = echo.pki.ca,
                                         .cert = echo.pki.client,
                                         .key = echo.pki.client_key,
                                         .receive_bytes = 4096};

    cr_assert(peer_open(&link_, &options));
    peer_headers(&link_, 1, "/test.Echo/Repeat", NULL, false);
    peer_message(&link_, 1, echo_message("15000", 8, bytes, sizeof(bytes)), true);
    cr_assert(peer_send(&link_));
    cr_assert(echo_reaches(&echo.opened, 1));
    wait_ms(200);
}

/* Its last call is fixed when the second GOAWAY is queued, long before the peer reads it.
 * Whoever tries a later one again elsewhere must not find it done here. */
Test(upkeep, call_behind_the_last_goaway_is_not_served)
{
    echo_start(&echo, &limits);
    begin_long_answer();
    server_drain(echo.server);
    wait_ms(500);
    peer_headers(&link_, 3, "/test.Echo/Unary", NULL, false);
    peer_message(&link_, 3, echo_message("a", 8, bytes, sizeof(bytes)), true);
    cr_assert(peer_send(&link_));
    wait_ms(300);
    cr_expect(peer_wait_closed(&link_));
    cr_expect_eq(peer_reply(&link_, 1)->grpc, 0, "the call before it is");
    cr_expect_eq(link_.goaways, 2);
    cr_expect_eq(link_.goaway_last, 1);
    cr_expect_eq(atomic_load(&echo.opened), 1);
}
