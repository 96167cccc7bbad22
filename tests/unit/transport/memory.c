#include <criterion/criterion.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "tests/unit/transport/support/echo.h"

/* A gateway without memory refuses, and owes nothing afterwards. */

enum { VALUE = 30000, LEAST = 8000 };

static struct echo echo;
static struct peer_link link_;
static uint8_t bytes[VALUE + 64];
static pthread_t ours;
static atomic_bool fails;

/* In the place of libc's: the server gets no more large pieces. */
void *realloc(void *old, size_t size)
{
    static void *(*real)(void *, size_t) = NULL;

    if (atomic_load(&fails) && size >= LEAST &&
        pthread_equal(pthread_self(), ours) == 0) {
        return NULL;
    }
    if (real == NULL) {
        *(void **)&real = dlsym(RTLD_NEXT, "realloc");
    }
    return real(old, size);
}

static void start(void)
{
    ours = pthread_self();
    echo_start(&echo, NULL);
    echo_connect(&echo, &link_);
}

static void stop(void)
{
    peer_close(&link_);
    echo_stop(&echo);
}

TestSuite(memory, .init = start, .fini = stop, .timeout = 30);

static void expect_nothing_held(uint32_t stream)
{
    uint8_t small[64];

    peer_headers(&link_, stream, "/test.Echo/Mirror", NULL, false);
    peer_message(&link_, stream, echo_message("held", 0, small, sizeof(small)), true);
    const struct reply *reply = peer_wait(&link_, stream);
    cr_assert_eq(reply->grpc, 0);
    cr_expect_eq(memcmp(reply->head + 7, "0 ", 2), 0, "held of the input: %s",
                 (const char *)reply->head + 7);
}

Test(memory, what_comes_for_a_paused_call_and_finds_none_ends_it_and_nothing_else)
{
    cr_assert_eq(echo_call(&link_, 1), 0);
    peer_headers(&link_, 3, "/test.Echo/Brake", NULL, false);
    peer_message(&link_, 3, echo_message("a", 8, bytes, sizeof(bytes)), false);
    (void)peer_send(&link_);
    cr_assert(echo_reaches(&echo.braked, 1));
    atomic_store(&fails, true);
    peer_message(&link_, 3, echo_message("a", VALUE, bytes, sizeof(bytes)), false);
    cr_expect_eq(peer_wait(&link_, 3)->reset, NGHTTP2_ENHANCE_YOUR_CALM);
    atomic_store(&fails, false);
    expect_nothing_held(5);
    peer_close(&link_);
    cr_expect(echo_serves(&echo));
    echo_connect(&echo, &link_);
}
