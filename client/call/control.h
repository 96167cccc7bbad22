#ifndef SEGEL_CLIENT_CALL_CONTROL_H
#define SEGEL_CLIENT_CALL_CONTROL_H

#include "proto/base.h"
#include "segel/control/v1/control.pb-c.h"

/* A question to a gateway on this machine, over its control socket. */
#define CONTROL_SOCKET "/run/segel/control"

struct control_ask {
    const char *socket; /* path */
    const char *lane;
    int pipe; /* holds the PIN, to be entered; -1: only how the lane is */
    bool last_try;
    bool call_off;
    bool change; /* the pipe holds what the token's PIN is changed with */
};

/* Waits for the reply, which the caller frees. Also what the gateway answers with
 * another status than 0 is a failure here: why is its sentence. SG_IO: nobody answers;
 * SG_DENIED: the socket is not for this user. */
SG_MUST_USE enum sg_status control_call(const struct control_ask *ask,
                                        Segel__Control__V1__ControlReply **out,
                                        struct sg_error *why);
/* For AUTO. */
void control_free(Segel__Control__V1__ControlReply **reply);

#endif
