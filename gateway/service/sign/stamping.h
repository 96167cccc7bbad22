#ifndef SEGEL_GATEWAY_SERVICE_SIGN_STAMPING_H
#define SEGEL_GATEWAY_SERVICE_SIGN_STAMPING_H

#include "gateway/core/turn/stamp.h"

struct grpc_call;
struct service_loop;
struct services;

/* Time stamps of signatures: a job that comes back signed with a profile B-T goes to the
 * time stamp authority, then to the core for its record, and only then to who asked. When
 * no authority gives a token, the policy's list timestamp_optional says whether the
 * signature goes out without; else the call is told so, and the same id asked again gets
 * the same signature and is stamped then. One loop's thread. */

/* Sets services->tsa: NULL where no authority is configured. Tells the core when what
 * leads to authorities ends. */
SG_MUST_USE enum sg_status stamping_start(struct services *services,
                                          struct sg_error *why);

/* Takes the jobs that have yet to be stamped out of *jobs, in which answered ones stay,
 * and come to be where that fails at once. */
void stamping_divert(struct service_loop *loop, struct letters *jobs);
/* A stamp came back, from an authority or from the core: a job that is answered with it
 * goes to the end of *jobs. */
void stamping_take(struct service_loop *loop, struct letter *letter,
                   struct letters *jobs);
/* It came back too late: the loop has ended. Its job goes to the end of *jobs. */
void stamping_drop(struct letter *letter, struct letters *jobs);

/* Timestamp: of a document's digest. */
void timestamp_on_message(struct grpc_call *call, const ProtobufCMessage *message,
                          void *services);
void timestamp_answer(struct service_loop *loop, struct stamp *stamp);

#endif
