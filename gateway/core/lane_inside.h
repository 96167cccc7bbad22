#ifndef SEGEL_GATEWAY_CORE_LANE_INSIDE_H
#define SEGEL_GATEWAY_CORE_LANE_INSIDE_H

#include <sys/queue.h>

#include "gateway/core/lane_wire.h"

/* Inside of a lane: its life is in lane.c, its traffic in lane_traffic.c. */

enum { BACKOFF_FIRST_US = 100000, BACKOFF_LAST_US = 30000000 };

/* One operation in hand. Slots are made once and never move. */
struct slot {
    TAILQ_ENTRY(slot) link; /* idle list, or in the order of dispatch */
    void *owner;
    uint64_t id;
};
TAILQ_HEAD(slot_list, slot);

struct lane {
    struct lane_options options;
    enum lane_state state;
    char why[320];
    pid_t pid;
    int fd;
    uint32_t generation;
    struct arena arena;
    struct lane_token token;
    struct lane_key *keys;

    struct slot *slots;
    struct slot_list idle;
    struct slot_list busy;
    uint32_t outstanding;
    uint64_t next_id;
    int64_t progress_us; /* when the lane last answered, or got work after none */
    int64_t
        overtaken_us; /* when a younger operation ended before the oldest; 0 = never */

    struct lane_op *queued; /* submitted, not yet sent */
    struct slot **queued_slots;
    uint32_t queued_count;
    uint8_t (*queued_inputs)[SG_HASH_MAX];

    int64_t started_us;
    int64_t retry_us;
    int64_t backoff_us;
};

/* The process is finished, with this state and reason (NULL = the one that stands): what
 * it had in hand may or may not have used the key, and its owners are told so. */
void lane_lose(struct lane *lane, enum lane_state state, const char *reason);

#endif
