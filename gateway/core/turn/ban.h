#ifndef SEGEL_GATEWAY_CORE_TURN_BAN_H
#define SEGEL_GATEWAY_CORE_TURN_BAN_H

#include <stdbool.h>

/* The rule of the policy that denies every job now: a gateway that would refuse all it is
 * asked for must not say that it is ready. Core thread only. */
struct core;

enum { BAN_WHY = 560 };

struct ban {
    char rule[65];     /* "" = none: jobs are judged one by one */
    char why[BAN_WHY]; /* one sentence while there is one */
};

/* Once a second. Whether it is another than before; logs that. */
bool ban_look(struct core *core);

#endif
