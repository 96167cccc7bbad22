#ifndef SEGEL_CLIENT_COMMANDS_PIN_PIPE_H
#define SEGEL_CLIENT_COMMANDS_PIN_PIPE_H

#include "client/call/control.h"
#include "proto/slice.h"

/* Hands over to the gateway what was typed: whole in a pipe, to which nobody can add,
 * before it hears of it. The ask's pipe is set here. As control_call. */
SG_MUST_USE enum sg_status pin_pipe_call(struct control_ask *ask, struct slice typed,
                                         Segel__Control__V1__ControlReply **out,
                                         struct sg_error *why);

#endif
