#define _GNU_SOURCE  /* NOLINT(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) \
                      */
#include "gateway/transport/handshake.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "gateway/clock.h"
#include "gateway/log.h"
#include "gateway/transport/call.h"
#include "gateway/transport/link.h"
#include "gateway/transport/session.h"
#include "gateway/transport/tls.h"

static void write_line(struct conn *conn, enum log_level level, const char *event,
                       const char *why)
{
    char more[24];
    uint64_t skipped = 0;

    /* What nobody would see takes no place of what somebody wants to. */
    if (log_wants(level) && loop_may_log(conn->loop, &skipped)) {
        (void)snprintf(more, sizeof(more), "%llu", (unsigned long long)skipped);
        log_event(level, event, "peer", conn->address, "why", why, "lines_skipped", more,
                  NULL);
    }
}

void handshake_log_cut(struct conn *conn)
{
    count_up(&conn->loop->counts.cut);
    write_line(conn, LOG_WARN, "connection.cut", conn->cut_why);
}

/* Load balancers ask so whether anybody listens, every few seconds. */
static bool only_looked(const struct conn *conn, enum tls_end end)
{
    return (end == TLS_PEER_LEFT || end == TLS_BROKEN) &&
           BIO_number_read(SSL_get_rbio(conn->ssl)) == 0;
}

/* Noise is for those who look for it; a client that nearly got in is worth a warning. */
static void fail(struct conn *conn, enum tls_end end)
{
    struct sg_error why = {0};
    enum sg_status status = tls_explain(conn->ssl, end, &why);

    if (only_looked(conn, end)) {
        write_line(conn, LOG_DEBUG, "connection.empty", "it left before its first byte");
        conn_close(conn, false);
        return;
    }
    count_up(&conn->loop->counts.handshakes_failed);
    write_line(conn, status == SG_DENIED ? LOG_WARN : LOG_INFO, "handshake.failed",
               why.text);
    conn_close(conn, end == TLS_BROKEN);
}

void handshake_timed_out(struct conn *conn)
{
    count_refused(conn->loop, LIMIT_HANDSHAKE);
    fail(conn, TLS_WANTS_READ);
}

void handshake_give_way(struct loop *loop)
{
    struct conn *oldest = TAILQ_FIRST(&loop->handshaking);

    if (oldest != NULL) {
        count_refused(loop, LIMIT_HANDSHAKES);
        count_up(&loop->counts.handshakes_failed);
        write_line(oldest, LOG_INFO, "handshake.failed",
                   "too many connections have not finished their handshake; this was the "
                   "oldest");
        conn_close(oldest, false);
    }
}

void handshake_make_room(struct loop *loop)
{
    if (loop->handshake_count > loop->setup->handshakes) {
        handshake_give_way(loop);
    }
}

/* What TLS proved. False: the certificate cannot be used. */
static bool read_certificate(const struct conn *conn, struct peer *peer)
{
    unsigned int len = sizeof(peer->fingerprint);

    peer->certificate = conn->ssl == NULL ? NULL : SSL_get0_peer_certificate(conn->ssl);
    return peer->certificate == NULL ||
           X509_digest(peer->certificate, EVP_sha256(), peer->fingerprint, &len) == 1;
}

/* What the kernel knows of a peer on this machine. */
static void read_credentials(const struct conn *conn, struct peer *peer)
{
    struct ucred credentials = {0};
    socklen_t len = sizeof(credentials);
    int domain = 0;
    socklen_t domain_len = sizeof(domain);

    peer->local =
        getsockopt(conn->fd, SOL_SOCKET, SO_DOMAIN, &domain, &domain_len) == 0 &&
        domain == AF_UNIX &&
        getsockopt(conn->fd, SOL_SOCKET, SO_PEERCRED, &credentials, &len) == 0;
    peer->uid = credentials.uid;
    peer->gid = credentials.gid;
    peer->pid = credentials.pid;
}

/* Who this is by the callers as they are now. NULL: nobody knows it. */
static bool ask(const struct conn *conn, void **caller, struct sg_error *why)
{
    const struct setup *setup = conn->loop->setup;
    struct peer peer = {.address = conn->address};

    *caller = NULL;
    read_credentials(conn, &peer);
    if (setup->identify != NULL && read_certificate(conn, &peer)) {
        *caller = setup->identify(setup->context, &peer, why);
    }
    if (*caller == NULL && why->text[0] == '\0') {
        enum sg_status status =
            sg_fail(why, SG_UNAUTHENTICATED, "%s", sg_status_text(SG_UNAUTHENTICATED));
        (void)status;
    }
    return *caller != NULL;
}

/* A connection may last longer than the certificate that opened it, than an issuer of
 * that, and than the lists by which it was judged. Where those of another issuer are
 * over, whoever is good without them is judged once a second, and not at each request. */
static int64_t end_of_judgement(const struct conn *conn)
{
    enum { AGAIN_US = 1000000 };
    struct validity validity;
    int64_t now_us = clock_wall_us();

    if (conn->ssl == NULL || SSL_get0_peer_certificate(conn->ssl) == NULL) {
        return INT64_MAX;
    }
    trust_validity(conn->loop->setup->trust, &validity);
    int64_t lists_us = validity.lists_until_us;
    lists_us = lists_us > now_us ? lists_us : now_us + AGAIN_US;
    return lists_us < conn->path_us ? lists_us : conn->path_us;
}

/* The answer holds as long as the judgement, or until the callers change. */
static void identify(struct conn *conn)
{
    struct sg_error why = {0};

    conn->expires_us = end_of_judgement(conn);
    if (!ask(conn, &conn->caller, &why)) {
        conn->stranger = strdup(why.text);
        write_line(conn, LOG_WARN, "caller.unknown",
                   conn->stranger == NULL ? "" : conn->stranger);
    }
}

/* What it asked for before is not answered either: a stream would go on for hours. */
static void send_away(struct conn *conn, const char *why)
{
    struct grpc_call *call;

    write_line(conn, LOG_WARN, "caller.revoked", why);
    free(conn->stranger);
    conn->stranger = strdup(why);
    LIST_FOREACH(call, &conn->calls, link)
    {
        call_dismiss(call, SG_UNAUTHENTICATED, why);
    }
    conn_set_caller(conn, NULL);
    session_goaway(conn);
}

static enum sg_status judge_peer(struct conn *conn, struct sg_error *why)
{
    struct trust *trust = conn->loop->setup->trust;

    if (conn->ssl == NULL) {
        conn->trusted = trust_generation(trust);
        return SG_OK;
    }
    struct trust_word word = {.until_us = INT64_MAX};
    enum sg_status status = trust_judge(trust, conn->ssl, &word, why);
    conn->trusted = word.generation;
    conn->path_us = word.until_us;
    return status;
}

/* Calls that were begun keep the caller that they asked for then. */
void handshake_judge(struct conn *conn)
{
    struct sg_error why = {0};

    if (conn->trusted == trust_generation(conn->loop->setup->trust) &&
        (conn->ssl == NULL || clock_wall_us() < conn->expires_us)) {
        return;
    }
    enum sg_status status = judge_peer(conn, &why);
    if (conn->caller == NULL) {
        session_goaway(conn); /* who knows who it is when it comes again */
        return;
    }
    void *caller = NULL;
    if (status == SG_OK && ask(conn, &caller, &why)) {
        conn_set_caller(conn, caller);
        conn->expires_us = end_of_judgement(conn);
        return;
    }
    send_away(conn, why.text);
}

static void finished(struct conn *conn)
{
    if (!tls_speaks_h2(conn->ssl)) {
        count_up(&conn->loop->counts.handshakes_failed);
        write_line(conn, LOG_WARN, "handshake.failed",
                   "the client offers no HTTP/2 (ALPN h2); it is not a gRPC client");
        conn_close(conn, true);
        return;
    }
    conn->path_us = validity_chain_end_us(SSL_get0_verified_chain(conn->ssl));
    identify(conn);
    conn_opened(conn);
}

void handshake_skip(struct conn *conn)
{
    identify(conn);
    conn_opened(conn);
}

void handshake_step(struct conn *conn)
{
    enum tls_end end = link_handshake(conn);

    switch (end) {
    case TLS_DONE:
        finished(conn);
        break;
    case TLS_WANTS_READ:
        break;
    case TLS_WANTS_WRITE:
        (void)event_add(&conn->write_event, NULL);
        break;
    case TLS_PEER_LEFT:
    case TLS_BROKEN:
        fail(conn, end);
        break;
    }
}
