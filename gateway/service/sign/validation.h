#ifndef SEGEL_GATEWAY_SERVICE_SIGN_VALIDATION_H
#define SEGEL_GATEWAY_SERVICE_SIGN_VALIDATION_H

#include "gateway/transport/grpc.h"

struct service_loop;
struct services;
struct validations;

/* GetValidationData: what the gateway knows of certificates, for the long term; and the
 * watch over those of the time stamp authority, which are known from its tokens only. */
void validation_on_message(struct grpc_call *call, const ProtobufCMessage *message,
                           void *services);
/* Now and then, on each loop: new certificates of the authority are watched, too. */
void validation_tick(struct service_loop *loop);
/* Sets services->validations, behind services->tsa; it is to be freed on failure, too. */
SG_MUST_USE enum sg_status validation_new(struct services *services,
                                          struct sg_error *why);
/* After the thread that fetches status has ended; NULL is allowed. */
void validation_free(struct validations *validations);

#endif
