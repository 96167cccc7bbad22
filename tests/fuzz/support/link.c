#include "tests/fuzz/support/link.h"

#include <stdlib.h>

#include "gateway/transport/call.h"
#include "gateway/transport/session.h"
#include "tests/fuzz/support/echo.h"
#include "tests/fuzz/support/witness.h"

enum { TURNS_MAX = 8, PRODUCED_MAX = 4 << 20, OUT_BYTES = TLS_RECORD + FRAME_BYTES_MAX };

static struct setup setup;
static struct loop loop;
static struct conn *conn;
static struct share share; /* a new one each time: no input depends on those before */
static bool reads;
static bool ended;      /* the session is closed */
static size_t produced; /* bytes of one connection */

static void on_nothing(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    (void)context;
}

static void start(void)
{
    struct server_options options = {.loops = 1, .limits = SERVER_LIMITS_DEFAULT};
    struct sg_error why = {0};

    if (loop.base != NULL) {
        return;
    }
    options.limits.output_bytes = 1 << 20;
    options.limits.connections = 4;
    echo_methods(&options.methods, &options.method_count);
    MUST(setup_protocol(&setup, &options, &why) == SG_OK);
    MUST(loop_init(&loop, &setup, 0) == SG_OK);
}

/* As conn_open and conn_opened do it. The state stays that of a handshake: so the turns
 * of the loop leave the writing to us. */
void link_open(const struct link_options *options)
{
    static int friend;

    start();
    conn = (struct conn *)calloc(1, sizeof(*conn));
    MUST(conn != NULL);
    *conn = (struct conn){.loop = &loop, .fd = -1, .state = CONN_HANDSHAKE};
    LIST_INIT(&conn->calls);
    MUST(event_assign(&conn->read_event, loop.base, -1, 0, on_nothing, conn) == 0 &&
         event_assign(&conn->write_event, loop.base, -1, 0, on_nothing, conn) == 0 &&
         event_assign(&conn->timer, loop.base, -1, 0, on_nothing, conn) == 0);
    MUST(loop_enter(&loop, conn) == SG_OK);
    atomic_fetch_add(&loop.connections, 1);
    loop_forget(&loop, conn);
    conn->input = (struct budget){.cap = setup.limits.input_bytes, .parent = &loop.input};
    conn->output =
        (struct budget){.cap = setup.limits.output_bytes, .parent = &loop.output};
    share = (struct share){.connections = 1};
    conn->share = &share;
    conn->caller = options->unknown ? NULL : &friend;
    conn->stranger = options->unknown ? strdup("a stranger") : NULL;
    MUST(session_open(conn) == SG_OK);
    reads = options->reads;
    ended = false;
    produced = 0;
    witness_start();
}

static void end_session(void)
{
    if (!ended) {
        session_close(conn);
        ended = true;
    }
}

/* False: there was nothing more, or the session is broken. */
static bool produce_some(void)
{
    static uint8_t out[OUT_BYTES];
    size_t len = 0;

    if (!session_produce(conn, out, TLS_RECORD, &len)) {
        end_session();
        return false;
    }
    MUST(len <= sizeof(out));
    witness_see(slice_of(out, len));
    produced += len;
    return len > 0 && produced < PRODUCED_MAX;
}

/* As conn_cut does it: the last words, then the end. */
static void cut(void)
{
    session_terminate(conn);
    conn->cut = true;
    conn->cut_why = NULL;
    while (produce_some()) {
        continue;
    }
    end_session();
}

static void produce(void)
{
    while (reads && !ended && produce_some()) {
        continue;
    }
    if (ended) {
        return;
    }
    if (conn->cut_why != NULL) {
        cut();
    } else if (reads && session_over(conn)) {
        end_session();
    }
}

bool link_turn(void)
{
    for (int i = 0; i < TURNS_MAX && !ended; i++) {
        size_t before = produced;
        (void)event_base_loop(loop.base, EVLOOP_NONBLOCK);
        produce();
        if (produced == before && TAILQ_EMPTY(&loop.ready)) {
            break;
        }
    }
    return !ended;
}

bool link_send(struct slice bytes)
{
    if (!ended && !session_receive(conn, bytes)) {
        cut();
    }
    return link_turn();
}

void link_notice(void)
{
    if (!ended) {
        session_notice(conn);
    }
}

static void check_nothing_is_held(void)
{
    MUST(conn->call_count == 0 && LIST_EMPTY(&conn->calls));
    MUST(conn->input.used == 0 && conn->output.used == 0);
    MUST(loop.input.used == 0 && loop.output.used == 0);
    MUST(TAILQ_EMPTY(&loop.ready) && atomic_load(&loop.busy) == 0);
    MUST(loop.arena.used == 0);
    MUST(echo_open_calls() == 0);
}

void link_close(bool politely)
{
    reads = true;
    if (politely && !ended) {
        session_goaway(conn);
        (void)link_turn();
    }
    end_session();
    check_nothing_is_held();
    loop_leave(&loop, conn);
    (void)event_base_loop(loop.base, EVLOOP_NONBLOCK);
    MUST(TAILQ_EMPTY(&loop.dead) && TAILQ_EMPTY(&loop.dirty) &&
         atomic_load(&loop.connections) == 0);
    conn = NULL;
}
