#ifndef SEGEL_GATEWAY_TRANSPORT_SERVER_H
#define SEGEL_GATEWAY_TRANSPORT_SERVER_H

#include <sys/types.h>

#include "gateway/limits.h"
#include "gateway/transport/grpc.h"
#include "gateway/transport/peer.h"
#include "gateway/transport/validity.h"

/* A gRPC server over HTTP/2: listeners, TLS, connections, limits, I/O loops. It knows
 * methods and peers, nothing of signing. */

/* Where clients connect. */
struct server_listener {
    /* IPv4 or IPv6 literal, "unix:/absolute/path", or "fd:NAME" for a listening socket
     * that systemd passed by that name (sd_listen_fds(3)). */
    const char *address;
    uint16_t port; /* of TCP; 0 = any free one; see server_port */
    bool plain;    /* HTTP/2 without TLS, by prior knowledge: for Unix sockets */
};
enum { SERVER_LISTENERS_MAX = 8 };

struct server_options {
    const struct server_listener *listeners; /* borrowed by server_new only */
    size_t listener_count;                   /* 1 to SERVER_LISTENERS_MAX */
    /* PEM files; all NULL when every listener is plain. */
    const char *certificate; /* server certificate and chain */
    const char *private_key;
    const char *client_ca;  /* issuers of client certificates; NULL: none are asked for */
    const char *client_crl; /* their revocation lists; NULL: none are looked at */
    bool tls12;             /* also TLS 1.2, with ECDHE and AEAD only */
    unsigned loops;         /* I/O threads, from 1 */
    struct server_limits limits;
    const struct grpc_method *methods; /* borrowed for the life of the server */
    size_t method_count;
    mode_t unix_mode; /* of Unix sockets; 0 = 0660 */
    /* Any I/O thread, once a connection, after the handshake, and after each reload.
     * Returns the caller, which the connection uses until it gives it to release, or
     * NULL: every call of the connection is then answered UNAUTHENTICATED with the
     * sentence written to why. */
    void *(*identify)(void *context, const struct peer *peer, struct sg_error *why);
    void (*release)(void *caller); /* any I/O thread, once for each; may be NULL */
    /* Any I/O thread. What callers with several certificates have in common: those for
     * whom it returns the same pointer are one where connections are counted. NULL: each
     * caller is one by itself. */
    const void *(*identity)(const void *caller);
    void *context;
};

struct server;

/* Binds, loads certificates and checks that the key fits; starts no thread.
 * SG_INVALID, SG_NOT_FOUND, SG_IO: why names the file or address and what to do. */
SG_MUST_USE enum sg_status server_new(const struct server_options *options,
                                      struct server **out, struct sg_error *why);
/* The part of server_new that reads addresses and files: nothing is bound, nothing stays.
 */
SG_MUST_USE enum sg_status server_check(const struct server_options *options,
                                        struct sg_error *why);
/* Beside it: SG_INVALID, the files of TLS are not good now. A start serves all the same,
 * for the sake of local callers; whoever would give up better ones for them asks first.
 */
SG_MUST_USE enum sg_status server_check_dates(const struct server_options *options,
                                              struct sg_error *why);
/* Any thread: how long what clients are let in by is good for. */
void server_validity(const struct server *server, struct validity *out);
/* Any thread: loads the PEM files of the options anew, all or nothing. New handshakes go
 * by them; open connections stay, but each client's certificate is judged once more and
 * identify asked again who it is, at once where a call is open, else before its next
 * call. One that is no longer accepted: its calls end UNAUTHENTICATED, and it is told to
 * go. So is one that was not known before: it may be now. As server_check and
 * server_check_dates. */
SG_MUST_USE enum sg_status server_reload(struct server *server,
                                         const struct server_options *options,
                                         struct sg_error *why);

/* The two halves of server_reload, for whoever has more to renew at once: everything that
 * can fail, then the rest. server_renew takes the renewal over. */
struct server_renewal;
SG_MUST_USE enum sg_status server_prepare(const struct server *server,
                                          const struct server_options *options,
                                          struct server_renewal **out,
                                          struct sg_error *why);
void server_renew(struct server *server, struct server_renewal *renewal);
void server_renewal_free(struct server_renewal *renewal);

/* 0: that listener is no TCP socket. */
uint16_t server_port(const struct server *server, size_t listener);

/* What other threads (the core) send to a loop arrives by its mailbox: the loop calls
 * on_wake on its own thread whenever the fd turns readable. One per loop, before start.
 */
void server_watch(struct server *server, unsigned loop, int fd,
                  void (*on_wake)(void *context), void *context);

/* Calls on_tick on that loop's own thread once in so many milliseconds. One per loop,
 * before start. */
void server_every(struct server *server, unsigned loop, unsigned period_ms,
                  void (*on_tick)(void *context), void *context);

/* Any thread. When the loop that ticked longest ago did so (CLOCK_MONOTONIC): a loop that
 * hangs does not. For servers with server_every on each loop. */
int64_t server_beat_us(const struct server *server);

/* Starts the I/O threads. */
SG_MUST_USE enum sg_status server_start(struct server *server, struct sg_error *why);

/* Resolves a name on its own loop's thread; NULL when the call is over. */
struct grpc_call *server_call(struct server *server, struct grpc_name name);

/* Stops listening, tells clients to go (GOAWAY twice), lets calls end; any thread,
 * returns at once. server_idle: no call is left on any connection, all answers are
 * written; while it drains: and none can come any more. */
void server_drain(struct server *server);
bool server_idle(const struct server *server);

/* Ends all connections and joins the threads. */
void server_stop(struct server *server);
void server_free(struct server *server);

/* Relaxed counters since start, and what is there now (some milliseconds old). */
struct server_counts {
    uint64_t connections_opened;
    uint64_t handshakes_failed;
    uint64_t calls_started;
    uint64_t calls_refused;        /* before a service saw them */
    uint64_t connections_cut;      /* for breaking a rule or a limit */
    uint64_t refused[LIMIT_COUNT]; /* connections, calls and frames, by the limit */
    uint64_t connections;          /* open now */
    uint64_t handshakes;           /* of these, not yet authenticated */
    uint64_t calls;                /* open now */
    uint64_t output_bytes;         /* of answers that wait */
    uint64_t input_bytes;          /* of requests that are not whole or not yet taken */
};
struct server_counts server_counts(const struct server *server);

#endif
