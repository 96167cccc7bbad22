#ifndef SEGEL_PROTO_QUORUM_ASKING_INSIDE_H
#define SEGEL_PROTO_QUORUM_ASKING_INSIDE_H

#include "proto/quorum/asking.h"

/* How a message is read: a function for each row of asking.def. task is set there, too.
 */
#define ASKING(service, method, message, read)                                           \
    SG_MUST_USE enum sg_status read(const ProtobufCMessage *from, struct asking *out,    \
                                    struct sg_error *why);
#include "proto/quorum/asking.def"
#undef ASKING

/* A name (text_name) becomes the object; SG_INVALID names the field. */
SG_MUST_USE enum sg_status asking_object(const char *name, const char *field,
                                         struct asking *out, struct sg_error *why);
/* One more word "name=value" of param. SG_INVALID: it is full, or the value would not be
 * one word of plain text. */
SG_MUST_USE enum sg_status asking_word(struct asking *out, const char *name,
                                       const char *value, struct sg_error *why);
SG_MUST_USE enum sg_status asking_number(struct asking *out, const char *name,
                                         uint64_t value, struct sg_error *why);
/* Whole seconds, UTC. */
SG_MUST_USE enum sg_status asking_time(struct asking *out, const char *name,
                                       int64_t unix_us, struct sg_error *why);

#endif
