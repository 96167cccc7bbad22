#ifndef SEGEL_GATEWAY_SERVICE_CONTROL_CONTROL_H
#define SEGEL_GATEWAY_SERVICE_CONTROL_CONTROL_H

#include "gateway/config/config.h"

/* The Unix socket that PINs come by (control.proto): for root, the gateway's own user and
 * one group, on this machine only. All of it on the core's thread, and nothing waits:
 * control_tick looks ten times a second. Four connections at a time; one that says
 * nothing for five seconds is closed. */
struct core;
struct control;

/* --check-config. SG_INVALID: control.group is no group; SG_IO: nobody can tell. */
SG_MUST_USE enum sg_status control_check(const struct config *config,
                                         struct sg_error *why);
/* Listens. *out is NULL where control.socket is empty. SG_INVALID, SG_IO: why names the
 * path. */
SG_MUST_USE enum sg_status control_new(const struct config *config, struct control **out,
                                       struct sg_error *why);
/* NULL is fine, here and below. */
void control_tick(struct control *control, struct core *core);
void control_free(struct control *control);

#endif
