#include "gateway/transport/output.h"

#include <stdlib.h>

#include "gateway/clock.h"
#include "gateway/transport/handshake.h"
#include "gateway/transport/link.h"
#include "gateway/transport/session.h"
#include "gateway/transport/tls.h"

/* Soft cap plus one frame that may go over it. */
enum { STAGE_BYTES = TLS_RECORD + FRAME_BYTES_MAX };

void output_block(struct conn *conn, bool blocked)
{
    if (conn->blocked == blocked) {
        return;
    }
    conn->blocked = blocked;
    if (blocked) {
        atomic_fetch_add(&conn->loop->busy, 1);
        conn->output_moved_us = clock_mono_us();
        (void)event_add(&conn->write_event, NULL);
    } else {
        atomic_fetch_sub(&conn->loop->busy, 1);
        (void)event_del(&conn->write_event);
        /* It rests while TLS has to write before it can read (conn.c). */
        if (conn->state == CONN_OPEN) {
            (void)event_add(&conn->read_event, NULL);
        }
    }
}

/* A stage is held only from the first frame to the last byte. */
static bool take_stage(struct conn *conn)
{
    struct loop *loop = conn->loop;

    if (conn->stage == NULL) {
        conn->stage = loop->spare_stage != NULL ? loop->spare_stage
                                                : (uint8_t *)malloc(STAGE_BYTES);
        loop->spare_stage = NULL;
    }
    return conn->stage != NULL;
}

void output_drop(struct conn *conn)
{
    struct loop *loop = conn->loop;

    if (loop->spare_stage == NULL) {
        loop->spare_stage = conn->stage;
    } else {
        free(conn->stage);
    }
    conn->stage = NULL;
    conn->stage_from = 0;
    conn->stage_to = 0;
}

/* False: nothing is left to write, or the session is broken. */
static bool fill_stage(struct conn *conn)
{
    size_t len = 0;

    if (!take_stage(conn)) {
        conn_close(conn, false);
        return false;
    }
    if (!session_produce(conn, conn->stage, TLS_RECORD, &len)) {
        conn->cut_why = "the HTTP/2 session broke";
        handshake_log_cut(conn);
        conn_close(conn, true);
        return false;
    }
    conn->stage_from = 0;
    conn->stage_to = len;
    if (len == 0) {
        output_drop(conn);
    }
    return len > 0;
}

/* False: no more can be written now. */
static bool write_stage(struct conn *conn)
{
    size_t len = 0;
    struct slice bytes =
        slice_of(conn->stage + conn->stage_from, conn->stage_to - conn->stage_from);

    switch (link_write(conn, bytes, &len)) {
    case TLS_DONE:
        conn->stage_from += len;
        if (conn->blocked) {
            conn->output_moved_us = clock_mono_us();
        }
        return true;
    case TLS_WANTS_READ:
    case TLS_WANTS_WRITE:
        output_block(conn, true);
        (void)event_add(&conn->write_event, NULL);
        return false;
    case TLS_PEER_LEFT:
    case TLS_BROKEN:
        break;
    }
    conn_close(conn, false);
    return false;
}

/* True: all that the session had is written. */
static bool write_all(struct conn *conn)
{
    size_t written = 0;

    while (conn->stage_from < conn->stage_to || fill_stage(conn)) {
        size_t before = conn->stage_from;
        if (!write_stage(conn)) {
            return false;
        }
        written += conn->stage_from - before;
        if (written > FLUSH_BYTES_A_TURN) {
            loop_mark_again(conn->loop, conn);
            return false;
        }
    }
    return conn->state == CONN_OPEN;
}

void conn_cut(struct conn *conn)
{
    if (conn->state != CONN_OPEN) {
        return;
    }
    handshake_log_cut(conn);
    session_terminate(conn);
    conn->cut = true;
    conn->cut_why = NULL;
    (void)write_all(conn);
    conn_close(conn, true);
}

void conn_flush(struct conn *conn)
{
    if (conn->state != CONN_OPEN || !write_all(conn)) {
        return;
    }
    output_block(conn, false);
    if (conn->cut_why != NULL) {
        conn_cut(conn);
    } else if (session_over(conn)) {
        conn_close(conn, true);
    }
}
