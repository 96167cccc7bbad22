#ifndef SEGEL_HSM_WIRE_WIRE_H
#define SEGEL_HSM_WIRE_WIRE_H

#include <limits.h>

#include "hsm/wire/operation.h"
#include "proto/arena.h"
#include "proto/lane_packet.h"

/* The only file pair that knows the messages of lane.proto: packets of the socket in,
 * plain structures out, and back. */
enum {
    WIRE_PACKET_MAX = LANE_PACKET_MAX,
    WIRE_ARENA = 4 * WIRE_PACKET_MAX,
    WIRE_BATCH_MAX = 32,
    WIRE_KEYS_MAX = 258,
    WIRE_DIRECTORIES_MAX = 8,
    WIRE_THREADS_MAX = 64,
    WIRE_INIT_ARGS_MAX = 2048,
};

/* What a lane is to load; the form of message Open. */
struct lane_config {
    char lane[KEY_NAME_MAX + 1];
    char module[PATH_MAX];
    char label[33];
    char serial[17];
    char manufacturer[33];
    char model[17];
    char pin_path[PATH_MAX];
    char init_args[WIRE_INIT_ARGS_MAX + 1];
    unsigned threads;
    char read_only[WIRE_DIRECTORIES_MAX][PATH_MAX];
    size_t read_only_count;
    struct key_ref keys[WIRE_KEYS_MAX];
    size_t key_count;
    bool ask; /* the login waits for its message */
};

/* The form of message Login. */
struct lane_login {
    int pipe; /* -1: the PIN is in the file */
    bool last_try;
};

/* The reader's side of the socket. One thread at a time. */
struct wire {
    int fd; /* borrowed */
    struct arena arena;
    uint8_t packet[WIRE_PACKET_MAX];
    size_t len;
};

SG_MUST_USE enum sg_status wire_init(struct wire *wire, int fd);
/* Takes the next packet, and may wait for it. SG_NOT_FOUND: there is none. SG_SHUTDOWN:
 * the other side has closed. */
SG_MUST_USE enum sg_status wire_receive(struct wire *wire, bool wait);
/* The same, waiting, with the descriptor that came along, which is the caller's; -1: none
 * did. */
SG_MUST_USE enum sg_status wire_receive_with(struct wire *wire, int *passed);
/* Reads the packet as Open, or as Work: 1 to WIRE_BATCH_MAX operations whose input points
 * into the wire until the next call. SG_INVALID: it is something else. */
SG_MUST_USE enum sg_status wire_open(struct wire *wire, struct lane_config *config,
                                     struct trouble *trouble);
/* Waits for message Login. The pipe is the caller's. SG_SHUTDOWN: the other side has
 * closed. SG_INVALID: it is something else. */
SG_MUST_USE enum sg_status wire_login(struct wire *wire, struct lane_login *login);
SG_MUST_USE enum sg_status wire_work(struct wire *wire, struct operation *operations,
                                     size_t *count);

/* What the lane has to tell of itself when it is ready. All borrowed. */
struct lane_state {
    const struct token *token;
    const struct key *keys;
    size_t key_count;
    unsigned threads;
    uint32_t confinement; /* bits of enum confinement that hold */
    const char *note;     /* for the administrator, or "" */
};

/* The token is there, nobody has logged in. */
SG_MUST_USE enum sg_status wire_found(int fd, const struct token *token);
/* What the lane says once, at its start. SG_TOO_LARGE: it does not fit one packet. */
SG_MUST_USE enum sg_status wire_opened(int fd, const struct lane_state *state);
SG_MUST_USE enum sg_status wire_failed(int fd, const struct trouble *trouble);
/* At most WIRE_BATCH_MAX outcomes; allocates nothing. */
SG_MUST_USE enum sg_status wire_done(int fd, const struct outcome *outcomes,
                                     size_t count);

#endif
