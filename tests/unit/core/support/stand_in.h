#ifndef SEGEL_TESTS_UNIT_CORE_SUPPORT_STAND_IN_H
#define SEGEL_TESTS_UNIT_CORE_SUPPORT_STAND_IN_H

#include "gateway/core/lane/inside.h"

/* A lane that is up, whose process is a part that the test has written: it gets packets
 * of work, answers what it likes, and dies when it likes. */

enum { STAND_IN_OPERATIONS = 8, STAND_IN_CANARY = 0, STAND_IN_KEY = 1 };

/* The other end of the socket, in the process. */
struct part {
    int fd;
    struct marks *marks;
};
typedef void (*part_play)(const struct part *part);

/* What became of an operation. */
struct told {
    unsigned times;
    enum sg_status status;
    bool unused;
};

struct stand_in {
    struct config_lane config;
    struct lane *lane; /* owned */
    struct told told[STAND_IN_OPERATIONS];
};

/* Ends with play, which may return: the process ends then. */
void stand_in_start(struct stand_in *actor, part_play play);
void stand_in_end(struct stand_in *actor);
/* Waits until its process has ended; nobody has reaped it then. */
void stand_in_wait_dead(const struct stand_in *actor);
/* Hands over the operation of that number, a digest to be signed by RSA; it leaves with
 * the next lane_flush. */
void stand_in_submit(struct stand_in *actor, size_t number);
/* Takes in what the lane sends until all that it was given is answered, for two seconds
 * at most. */
void stand_in_hear(struct stand_in *actor);

/* In the process. Waits for so many packets of work, and takes them in but for the last
 * ones, which stay unread. ids: of the operations in those that were taken; returns how
 * many. */
size_t part_take(const struct part *part, size_t packets, size_t unread,
                 uint64_t ids[STAND_IN_OPERATIONS]);
/* Answers them in one packet: signed, with FAILURE_NONE. */
void part_answer(const struct part *part, const uint64_t *ids, size_t count,
                 enum failure failure);

#endif
