#ifndef SEGEL_GATEWAY_SERVICE_CONTROL_LINK_H
#define SEGEL_GATEWAY_SERVICE_CONTROL_LINK_H

#include "gateway/core/ceremony/pins.h"

/* Inside of control.c: one connection of the control socket. */
struct control_link {
    int fd; /* owned; -1 = free */
    unsigned uid;
    int64_t since_us; /* of its last request */
    char lane[65];    /* whose login it waits for; "" = none */
    bool change;      /* it waits for a change of that lane's PIN */
    bool denied;      /* may not be here: is told so when it asks */
};

void control_link_open(struct control_link *link, int fd, unsigned uid, bool denied);
/* Takes a request if there is one, answers, tells what came of a login. */
void control_link_tick(struct control_link *link, struct core *core, int64_t now_us);
void control_link_close(struct control_link *link);

#endif
