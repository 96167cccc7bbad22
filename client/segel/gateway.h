#ifndef SEGEL_CLIENT_SEGEL_GATEWAY_H
#define SEGEL_CLIENT_SEGEL_GATEWAY_H

#include <pthread.h>
#include <sys/types.h>

#include "client/channel/channel.h"
#include "client/segel/error.h"
#include "client/segel/offers.h"

/* How to reach the gateway: the same for the handle and for the bulks that it opens. */
struct gateway_way {
    struct segel_options options; /* its texts lie in block */
    char *block;                  /* owned */
    const atomic_bool *given_up;  /* as in struct channel_options */
    pid_t owner;                  /* the process that opened it */
};
int gateway_way_copy(struct gateway_way *way, const struct segel_options *options,
                     struct segel_error *error);
void gateway_way_fini(struct gateway_way *way);
/* Whether it is this process's. A child that was forked has its parent's connection: a
 * record by each of them would have one number, and one key. */
bool gateway_way_own(const struct gateway_way *way);
/* SEGEL_USAGE where it is not; else SEGEL_OK. */
int gateway_way_check(const struct gateway_way *way, struct segel_error *error);
/* until_us: monotonic; where it comes before the way's connect_ms is over. 0 = that
 * alone.
 */
int gateway_connect(const struct gateway_way *way, int64_t until_us, struct channel **out,
                    struct segel_error *error);

struct segel {
    struct gateway_way way;
    pthread_mutex_t lock;    /* over a whole call: there is one connection */
    struct channel *channel; /* owned; NULL: to be opened again */
    struct offers offers;
};

/* segel_open; given_up: of the handle's way, and of its bulks'. */
int gateway_open(const struct segel_options *options, const atomic_bool *given_up,
                 struct segel **out, struct segel_error *error);

/* One unary call. */
struct gateway_question {
    const char *path;
    const ProtobufCMessage *request;
    const ProtobufCMessageDescriptor *reply_type;
    int64_t until_us; /* monotonic: of all that it takes: other threads' calls, a new
                       * connection, the answer. Then it ends with SEGEL_TIMEOUT */
    bool lost;        /* out: the connection is */
    int64_t retry_us; /* out: the gateway asks to come back after it; 0 = it does not */
};

/* A question that changes nothing, with another try on a new connection when the old one
 * had been lost unnoticed. *reply as with channel_unary. */
int gateway_ask(struct segel *segel, struct gateway_question *question,
                ProtobufCMessage **reply, struct segel_error *error);
/* The same once, for calls whose tries the caller counts. */
int gateway_ask_once(struct segel *segel, struct gateway_question *question,
                     ProtobufCMessage **reply, struct segel_error *error);

#endif
