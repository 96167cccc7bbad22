#include "gateway/transport/loop.h"

#include <stdlib.h>
#include <unistd.h>

#include "gateway/thread.h"
#include "gateway/transport/call.h"
#include "gateway/transport/handshake.h"
#include "gateway/transport/session.h"
#include "gateway/transport/upkeep.h"

enum { STOP_MS = 300, NO_SLOT = INT32_MAX };
#define LOOP_ARENA ((size_t)256 << 10)

enum sg_status loop_enter(struct loop *loop, struct conn *conn)
{
    if (loop->free_slot == NO_SLOT) {
        return SG_BUSY;
    }
    conn->index = loop->free_slot;
    struct conn_slot *slot = &loop->slots[conn->index];
    loop->free_slot = slot->next_free;
    slot->conn = conn;
    conn->listed_handshake = true;
    loop->handshake_count++;
    TAILQ_INSERT_TAIL(&loop->handshaking, conn, handshake_link);
    loop_touch(loop);
    return SG_OK;
}

void loop_leave(struct loop *loop, struct conn *conn)
{
    struct conn_slot *slot = &loop->slots[conn->index];

    loop_forget(loop, conn);
    slot->conn = NULL;
    slot->generation++;
    slot->next_free = loop->free_slot;
    loop->free_slot = conn->index;
    atomic_fetch_sub(&loop->connections, 1);
    TAILQ_INSERT_TAIL(&loop->dead, conn, dead_link);
    loop_touch(loop);
}

/* Does something to every connection of the loop. */
static void for_each_conn(struct loop *loop, void (*act)(struct conn *conn))
{
    for (uint32_t i = 0; i < loop->slot_count; i++) {
        if (loop->slots[i].conn != NULL) {
            act(loop->slots[i].conn);
        }
    }
}

static void end_politely(struct conn *conn)
{
    if (conn->state == CONN_OPEN) {
        upkeep_send_away(conn);
        conn_flush(conn);
    }
    if (conn->state == CONN_OPEN || conn->state == CONN_HANDSHAKE) {
        conn_close(conn, conn->state == CONN_OPEN);
    }
}

static void end_at_once(struct conn *conn)
{
    conn_close(conn, false);
}

static void judge(struct conn *conn)
{
    if (conn->state == CONN_OPEN && (conn->call_count > 0 || conn->caller == NULL)) {
        handshake_judge(conn);
    }
}

static void close_listener(struct loop *loop)
{
    if (loop->on_drain != NULL) {
        loop->on_drain(loop->on_drain_context);
        loop->on_drain = NULL;
    }
}

static void start_drain(struct loop *loop)
{
    const struct timeval gap = {.tv_usec = GOAWAY_GAP_MS * 1000L};

    close_listener(loop);
    for_each_conn(loop, upkeep_ask_to_go);
    (void)event_add(&loop->drain_timer, &gap);
    loop->draining = true;
    loop_look_at_drain(loop);
}

static void start_stop(struct loop *loop)
{
    const struct timeval grace = {.tv_usec = STOP_MS * 1000L};

    close_listener(loop);
    loop->stopping = true;
    for_each_conn(loop, end_politely);
    (void)event_add(&loop->drain_timer, &grace);
    loop_touch(loop);
}

void loop_look_at_drain(struct loop *loop)
{
    if (loop->draining && loop->asked_count == 0) {
        atomic_store(&loop->drain_told, true);
    }
}

/* By now every client knows, or does not answer; what it began until now still counts.
 * While stopping: the time of grace is over. */
static void on_drain_timer(evutil_socket_t fd, short what, void *context)
{
    struct loop *loop = (struct loop *)context;

    (void)fd;
    (void)what;
    if (loop->stopping) {
        for_each_conn(loop, end_at_once);
        loop->stop_over = true;
        loop_touch(loop);
        return;
    }
    for_each_conn(loop, upkeep_send_away);
    atomic_store(&loop->drain_told, true);
}

static void take_note(struct loop *loop, struct note *note)
{
    switch (note->kind) {
    case NOTE_CONNECTION:
        atomic_fetch_sub(&loop->on_the_way, 1);
        if (loop->stopping) {
            (void)close(note->fd);
            atomic_fetch_sub(&loop->connections, 1);
            loop_touch(loop);
        } else {
            conn_open(loop, note->fd, note->plain, note->address);
        }
        free(note);
        break;
    case NOTE_DRAIN:
        start_drain(loop);
        break;
    case NOTE_JUDGE:
        for_each_conn(loop, judge);
        free(note);
        break;
    case NOTE_GIVE_WAY:
        handshake_give_way(loop);
        atomic_fetch_sub(&loop->giving_way, 1);
        free(note);
        break;
    case NOTE_STOP:
        start_stop(loop);
        break;
    }
}

static void take_notes(evutil_socket_t fd, short what, void *context)
{
    struct loop *loop = (struct loop *)context;
    struct letters letters = STAILQ_HEAD_INITIALIZER(letters);
    struct letter *letter;

    (void)fd;
    (void)what;
    mbox_take(&loop->box, &letters);
    while ((letter = STAILQ_FIRST(&letters)) != NULL) {
        STAILQ_REMOVE_HEAD(&letters, link);
        take_note(loop, (struct note *)letter);
    }
}

static SG_MUST_USE enum sg_status post(struct loop *loop, struct note *note)
{
    struct letters batch = STAILQ_HEAD_INITIALIZER(batch);

    STAILQ_INSERT_TAIL(&batch, &note->letter, link);
    return mbox_put(&loop->box, &batch, 1);
}

void loop_adopt(struct loop *loop, int fd, bool plain, const char *address)
{
    struct note *note = (struct note *)calloc(1, sizeof(*note));

    if (note == NULL) {
        (void)close(fd);
        return;
    }
    *note = (struct note){.kind = NOTE_CONNECTION, .fd = fd, .plain = plain};
    for (size_t i = 0; i + 1 < sizeof(note->address) && address[i] != '\0'; i++) {
        note->address[i] = address[i];
    }
    atomic_fetch_add(&loop->connections, 1);
    atomic_fetch_add(&loop->on_the_way, 1);
    if (post(loop, note) != SG_OK) {
        atomic_fetch_sub(&loop->connections, 1);
        atomic_fetch_sub(&loop->on_the_way, 1);
        (void)close(fd);
        free(note);
    }
}

/* The box of a loop is unbounded and closed only by loop_fini. */
void loop_drain(struct loop *loop)
{
    if (!atomic_exchange(&loop->drain_asked, true)) {
        loop->drain_note.kind = NOTE_DRAIN;
        MUST(post(loop, &loop->drain_note) == SG_OK);
    }
}

bool loop_tell(struct loop *loop, enum note_kind what)
{
    struct note *note = (struct note *)calloc(1, sizeof(*note));

    if (note == NULL) {
        return false;
    }
    note->kind = what;
    if (post(loop, note) != SG_OK) {
        free(note);
        return false;
    }
    return true;
}

void loop_stop(struct loop *loop)
{
    if (!atomic_exchange(&loop->stop_asked, true)) {
        loop->stop_note.kind = NOTE_STOP;
        MUST(post(loop, &loop->stop_note) == SG_OK);
    }
}

static enum sg_status make_base(struct loop *loop)
{
    struct event_config *config = event_config_new();

    if (config != NULL && event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK) == 0) {
        loop->base = event_base_new_with_config(config);
    }
    if (config != NULL) {
        event_config_free(config);
    }
    return loop->base == NULL ? SG_NO_MEMORY : SG_OK;
}

static void make_slots(struct loop *loop)
{
    for (uint32_t i = 0; i < loop->slot_count; i++) {
        loop->slots[i].generation = 1;
        loop->slots[i].next_free = i + 1 < loop->slot_count ? i + 1 : NO_SLOT;
    }
    loop->free_slot = loop->slot_count > 0 ? 0 : NO_SLOT;
}

static enum sg_status make_events(struct loop *loop)
{
    struct event_base *base = loop->base;
    bool good =
        event_assign(&loop->box_event, base, loop->box.wake_fd, EV_READ | EV_PERSIST,
                     take_notes, loop) == 0 &&
        event_assign(&loop->settle, base, -1, 0, loop_settle, loop) == 0 &&
        event_assign(&loop->again_timer, base, -1, 0, loop_go_on, loop) == 0 &&
        event_assign(&loop->step_timer, base, -1, 0, loop_next_step, loop) == 0 &&
        event_assign(&loop->drain_timer, base, -1, 0, on_drain_timer, loop) == 0 &&
        event_add(&loop->box_event, NULL) == 0;

    return good ? SG_OK : SG_NO_MEMORY;
}

enum sg_status loop_init(struct loop *loop, const struct setup *setup, unsigned index)
{
    *loop = (struct loop){.setup = setup, .index = index, .box = {.wake_fd = -1}};
    TAILQ_INIT(&loop->handshaking);
    TAILQ_INIT(&loop->lingering);
    TAILQ_INIT(&loop->dirty);
    TAILQ_INIT(&loop->again);
    TAILQ_INIT(&loop->steps);
    TAILQ_INIT(&loop->dead);
    TAILQ_INIT(&loop->ready);
    TAILQ_INIT(&loop->spare_calls);
    loop->input = (struct budget){.cap = setup->input_bytes,
                                  .refusals = &loop->counts.limits[LIMIT_INPUT_TOTAL]};
    loop->output = (struct budget){.cap = setup->output_bytes,
                                   .refusals = &loop->counts.limits[LIMIT_OUTPUT_TOTAL]};
    loop->shared = (struct shared){.input = &loop->input, .output = &loop->output};
    loop->slot_count = setup->limits.connections;
    loop->slots = (struct conn_slot *)calloc(loop->slot_count + 1, sizeof(*loop->slots));
    if (loop->slots == NULL) {
        return SG_NO_MEMORY;
    }
    make_slots(loop);
    TRY(mbox_init(&loop->box, 0));
    TRY(arena_init(&loop->arena, LOOP_ARENA));
    TRY(make_base(loop));
    return make_events(loop);
}

static void drop_notes(struct loop *loop)
{
    struct letters letters = STAILQ_HEAD_INITIALIZER(letters);
    struct letter *letter;

    mbox_take(&loop->box, &letters);
    while ((letter = STAILQ_FIRST(&letters)) != NULL) {
        struct note *note = (struct note *)letter;
        STAILQ_REMOVE_HEAD(&letters, link);
        if (note->kind == NOTE_CONNECTION) {
            (void)close(note->fd);
        }
        if (note->kind != NOTE_DRAIN && note->kind != NOTE_STOP) {
            free(note);
        }
    }
}

static void free_spares(struct loop *loop)
{
    struct grpc_call *call;
    struct block *block;

    while ((call = TAILQ_FIRST(&loop->spare_calls)) != NULL) {
        TAILQ_REMOVE(&loop->spare_calls, call, ready_link);
        call_destroy(call);
    }
    while ((block = SLIST_FIRST(&loop->spare_blocks)) != NULL) {
        SLIST_REMOVE_HEAD(&loop->spare_blocks, spare);
        free(block);
    }
    free(loop->spare_stage);
}

void loop_fini(struct loop *loop)
{
    if (loop->box.wake_fd >= 0) {
        drop_notes(loop);
    }
    if (loop->watch != NULL) {
        event_free(loop->watch);
    }
    if (loop->tick != NULL) {
        event_free(loop->tick);
    }
    if (loop->base != NULL) {
        event_base_free(loop->base);
    }
    mbox_fini(&loop->box);
    arena_fini(&loop->arena);
    gzip_fini(&loop->gzip);
    free_spares(loop);
    shares_fini(&loop->shared);
    MUST(loop->input.used == 0 && loop->output.used == 0);
    free(loop->slots);
    loop->slots = NULL;
    loop->slot_count = 0;
}

static void *run(void *context)
{
    struct loop *loop = (struct loop *)context;

    (void)event_base_loop(loop->base, EVLOOP_NO_EXIT_ON_EMPTY);
    return NULL;
}

enum sg_status loop_start(struct loop *loop)
{
    enum sg_status status = thread_start(&loop->thread, "segeld-loop", run, loop);

    loop->running = status == SG_OK;
    return status;
}

void loop_join(struct loop *loop)
{
    if (loop->running) {
        MUST(pthread_join(loop->thread, NULL) == 0);
        loop->running = false;
    }
}
