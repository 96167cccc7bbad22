#ifndef SEGEL_TESTS_UNIT_HSM_SUPPORT_PEER_H
#define SEGEL_TESTS_UNIT_HSM_SUPPORT_PEER_H

#include <sys/types.h>

#include "hsm/wire/operation.h"
#include "proto/marks.h"
#include "segel/lane/v1/lane.pb-c.h"

/* The other end of a lane, as segeld is it: starts a lane in a child process, talks to it
 * by the messages alone, and checks signatures by its own use of OpenSSL. */

enum { PEER_KEYS_MAX = 8 };

/* What the lane is asked to open; change a fact before peer_start to spoil it. */
struct wish {
    const char *module;
    const char *label;
    const char *serial;
    const char *manufacturer;
    const char *model;
    const char *pin_path;
    const char *init_args; /* NULL: none */
    unsigned threads;
    const char *ids[PEER_KEYS_MAX];    /* hexadecimal, or "" for none; NULL ends */
    const char *labels[PEER_KEYS_MAX]; /* NULL: not named by label */
    const char *read_only;             /* a directory; NULL: none */
    uid_t user;                        /* that the lane runs as; 0: unchanged */
    bool mounted_read_only;            /* read_only is that before the lane starts */
    bool high_descriptors;             /* socket is 200, marks are 100 */
    bool no_mounts;                    /* the kernel refuses namespaces to the lane */
    bool asks;                         /* first whether it may log in, as segeld's do */
    bool no_sync;                      /* nothing can be made durable, in a ceremony */
    struct slice pinned;               /* public key of the first */
    unsigned protocol;                 /* as of segeld: 0: of this version */
    const char *typed;                 /* comes by pipe, to a ceremony; NULL: nothing */
};

struct peer {
    pid_t pid;
    int fd;
    const struct marks *marks;        /* the page that the lane marks; for ever */
    Segel__Lane__V1__FromLane *first; /* owned: Opened or Failed, or Found of one that
                                       * asks */
    Segel__Lane__V1__Opened *opened;  /* in first; NULL when it failed */
    Segel__Lane__V1__Failed *failed;
};

/* A lawful wish for one key, without faults. */
struct wish peer_wish(const char *id);

/* Starts a lane and waits for its first word. */
struct peer peer_start(const struct wish *wish);
/* The same, and the lane must have opened. */
struct peer peer_opened(const struct wish *wish);
/* It may log in by its PIN file. */
void peer_permit(const struct peer *peer);
/* What a wish says of the token, as a message that borrows from it; without keys. */
void peer_open(const struct wish *wish, Segel__Lane__V1__Open *open, char **directory);
/* Closes the socket; gives the exit code, or 128 + signal. */
int peer_stop(struct peer *peer);

/* A lawful operation on the key at this position: a digest of "letter" in SHA-256, or
 * "letter" itself with EDDSA. */
struct operation peer_operation(const struct peer *peer, uint32_t key,
                                enum mechanism mechanism);
/* Points the operation at the digest of "letter" in this hash. */
void peer_hash(struct operation *operation, enum sg_hash hash);

void peer_send(const struct peer *peer, const struct operation *operations, size_t count);
/* The next packet of outcomes. Owned by the caller. NULL: the lane is gone. */
Segel__Lane__V1__FromLane *peer_receive(const struct peer *peer);
/* Sends one operation and waits for its outcome. */
struct outcome peer_sign(const struct peer *peer, const struct operation *operation);

/* Whether the outcome is a good signature of "letter" by the key that the lane showed. */
bool peer_good(const struct peer *peer, const struct operation *operation,
               const struct outcome *outcome);

#endif
