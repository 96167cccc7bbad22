#ifndef SEGEL_TESTS_UNIT_TRANSPORT_SUPPORT_ECHO_H
#define SEGEL_TESTS_UNIT_TRANSPORT_SUPPORT_ECHO_H

#include <stdatomic.h>

#include "gateway/transport/server.h"
#include "tests/unit/transport/support/peer.h"
#include "tests/unit/transport/support/pki.h"

/* A server with methods of all kinds. Messages are segel.v1.Detail; the value of a
 * request is sent back.
 *   /test.Echo/Unary    answers with the same
 *   /test.Echo/Large    the same for messages of up to 4 MiB
 *   /test.Echo/Refuse   PERMISSION_DENIED with a text beyond ASCII and details
 *   /test.Echo/Repeat   sends type_url (a number) messages, waiting for room
 *   /test.Echo/Spill    the same without waiting
 *   /test.Echo/Collect  counts messages and answers with the number in type_url
 *   /test.Echo/Chat     sends each message back
 *   /test.Echo/Hang     never answers
 *   /test.Echo/Brake    pauses after each message until echo_wake
 *   /test.Echo/Mirror   sends metadata back and does as it is told (mirror.h) */
struct echo {
    struct pki pki;
    struct server *server;
    int wake_fd;
    struct grpc_name last; /* the call that was opened last */
    atomic_uint opened;
    atomic_uint messages;
    atomic_uint braked; /* messages of Brake */
    atomic_uint half_closed;
    atomic_uint closed;
    atomic_uint dropped; /* names that no longer resolved */
    atomic_uint face;
    atomic_uint known;               /* callers that were let in, and not released yet */
    char faces[4];                   /* who calls: another one for each connection */
    atomic_int_fast64_t age_left_us; /* of the connection of the call opened last */
};

/* Each of the faces is another caller; else they are all one. */
extern bool echo_faces_differ;

enum { ECHO_MAX_REQUEST = 100000, ECHO_MAX_LARGE = 4 << 20 };

void echo_start(struct echo *echo, const struct server_limits *limits);
void echo_start_loops(struct echo *echo, const struct server_limits *limits,
                      unsigned loops);
void echo_stop(struct echo *echo);
/* On the loop: the call that braked last goes on. */
void echo_wake(struct echo *echo);
/* Waits up to ten seconds until the counter has the value. */
bool echo_reaches(const atomic_uint *counter, unsigned value);

/* Likewise of one of the server's own counters, exactly: what a peer saw may have come
 * before it was counted. */
#define echo_counted(echo, counter, value)                                               \
    echo_counts(echo, offsetof(struct server_counts, counter), value)
bool echo_counts(const struct echo *echo, size_t counter, uint64_t value);
/* Waits until what is there now is not more than that. */
#define echo_sinks(echo, counter, value)                                                 \
    echo_sinks_to(echo, offsetof(struct server_counts, counter), value)
bool echo_sinks_to(const struct echo *echo, size_t counter, uint64_t value);
/* One counter at once. */
uint64_t echo_count(const struct echo *echo, size_t counter);

/* Of a friend, ready for calls. */
void echo_connect(struct echo *echo, struct peer_link *link);
/* The same with a window of so many bytes for each answer. */
void echo_connect_window(struct echo *echo, struct peer_link *link, uint32_t window);
/* Whether a new, honest connection is served. */
bool echo_serves(struct echo *echo);
/* A packed Detail. */
struct slice echo_message(const char *type_url, size_t value_len, uint8_t *out,
                          size_t cap);
/* One unary call; returns its grpc-status. */
int echo_call(struct peer_link *link, uint32_t stream);

#endif
