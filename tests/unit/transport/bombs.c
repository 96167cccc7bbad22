#include <criterion/criterion.h>
#include <stdlib.h>
#include <time.h>
#include <zlib.h>

#include "tests/unit/transport/support/echo.h"
#include "tests/unit/transport/support/mirror.h"

/* Compressed messages that are a thousand times their size, from one caller who makes as
 * much of it as it can. */

/* The large one costs so much that none is due to its caller for a minute. */
enum { AT_ONCE = 1 << 20, A_SECOND = 65536, LARGE = ECHO_MAX_LARGE - 100, SMALL = 99000 };
enum { BOMBER, OTHER };

static struct echo echo;
static struct server_limits limits;
static struct peer_link link_;
static uint8_t bytes[ECHO_MAX_LARGE];
static uint8_t packed[65536];
static const char *const in_gzip[] = {"grpc-encoding", "gzip", NULL};

static void connect_as(unsigned face, struct peer_link *link)
{
    atomic_store(&echo.face, face);
    echo_connect(&echo, link);
}

static void init(void)
{
    limits = SERVER_LIMITS_DEFAULT;
    echo_faces_differ = true;
}

static void stop(void)
{
    peer_close(&link_);
    echo_stop(&echo);
}

TestSuite(bombs, .init = init, .fini = stop, .timeout = 30);

/* A message in gzip. */
static struct slice bomb_of(struct slice in, uint8_t *out, size_t cap)
{
    z_stream stream = {0};

    MUST(deflateInit2(&stream, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    stream.next_in = (Bytef *)(uintptr_t)in.data;
    stream.avail_in = (uInt)in.len;
    stream.next_out = out;
    stream.avail_out = (uInt)cap;
    MUST(deflate(&stream, Z_FINISH) == Z_STREAM_END);
    size_t len = cap - stream.avail_out;
    (void)deflateEnd(&stream);
    return slice_of(out, len);
}

static int send_bomb(struct peer_link *link, uint32_t stream)
{
    struct slice message = echo_message("a", LARGE, bytes, sizeof(bytes));

    peer_headers(link, stream, "/test.Echo/Large", in_gzip, false);
    peer_flagged(link, stream, 1, bomb_of(message, packed, sizeof(packed)), true);
    return peer_wait(link, stream)->grpc;
}

/* What the first one costs is known when it is done. */
static void start_and_owe(void)
{
    limits.inflated_bytes = AT_ONCE;
    limits.inflated_bytes_per_second = A_SECOND;
    echo_start(&echo, &limits);
    connect_as(BOMBER, &link_);
    cr_assert_eq(send_bomb(&link_, 1), 0);
    cr_assert_eq(send_bomb(&link_, 3), 8);
}

static int send_first_bomb(unsigned face)
{
    struct peer_link another;

    connect_as(face, &another);
    int code = send_bomb(&another, 1);
    cr_expect_eq(echo_call(&another, 3), 0, "what is not compressed is served");
    peer_close(&another);
    return code;
}

Test(bombs, a_second_connection_gets_nothing_more)
{
    start_and_owe();
    cr_expect_eq(send_first_bomb(BOMBER), 8);
    cr_expect_eq(send_first_bomb(OTHER), 0, "another caller owes nothing");
    cr_expect_eq(send_first_bomb(BOMBER), 8);
    cr_expect(echo_counted(&echo, refused[LIMIT_INFLATE], 3));
}

Test(bombs, nor_does_who_comes_again)
{
    start_and_owe();
    peer_close(&link_);
    cr_assert(echo_sinks(&echo, connections, 0));
    cr_expect_eq(send_first_bomb(BOMBER), 8);
    cr_expect_eq(send_first_bomb(OTHER), 0);
    connect_as(BOMBER, &link_);
    cr_expect_eq(send_bomb(&link_, 1), 8);
}

static void say(struct peer_link *link, const char *what)
{
    peer_headers(link, 3, "/test.Echo/Mirror", NULL, false);
    peer_message(link, 3, echo_message(what, 0, bytes, sizeof(bytes)), true);
    cr_assert(peer_send(link));
}

/* Until the loop does nothing else any more. */
static void hold_the_loop(struct peer_link *link)
{
    const struct timespec nap = {.tv_nsec = 1000000};

    say(link, "wait");
    for (unsigned i = 0; i < 2000 && !atomic_load(&mirror_waits); i++) {
        (void)nanosleep(&nap, NULL);
    }
    cr_assert(atomic_load(&mirror_waits));
}

static void send_many(struct peer_link *link)
{
    struct slice message = echo_message("b", SMALL, bytes, sizeof(bytes));
    struct slice bomb = bomb_of(message, packed, sizeof(packed));

    peer_headers(link, 3, "/test.Echo/Mirror", in_gzip, false);
    for (int i = 0; i < 600; i++) {
        peer_flagged(link, 3, 1, bomb, false);
    }
    cr_assert(peer_send(link));
}

/* Both are there when the loop goes on, the bombs first: a record of TLS has some fifty
 * of them. */
Test(bombs, others_have_their_turn_after_the_first_record)
{
    struct peer_link holder;
    struct peer_link other;

    echo_start(&echo, &limits);
    connect_as(BOMBER, &link_);
    connect_as(OTHER, &other);
    connect_as(OTHER, &holder);
    cr_assert_eq(echo_call(&link_, 1), 0);
    cr_assert_eq(echo_call(&other, 1), 0);
    hold_the_loop(&holder);
    send_many(&link_);
    say(&other, "count");
    atomic_store(&mirror_waits, false);
    const struct reply *reply = peer_wait(&other, 3);
    /* Length prefix, then field 1 of Detail with its length. */
    long before = strtol((const char *)reply->head + 7, NULL, 10);
    cr_expect_gt(reply->bytes, 7);
    cr_expect_lt(before, 120, "%ld messages were taken first", before);
    peer_close(&holder);
    peer_close(&other);
}
