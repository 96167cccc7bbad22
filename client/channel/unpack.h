#ifndef SEGEL_CLIENT_CHANNEL_UNPACK_H
#define SEGEL_CLIENT_CHANNEL_UNPACK_H

#include <protobuf-c/protobuf-c.h>

#include "proto/base.h"
#include "proto/slice.h"

/* Messages from the gateway, unpacked after a look at what they would cost. The gateway
 * is known by its certificate, which does not make its bytes sound. Fields that a newer
 * gateway adds are let pass. NULL: malformed, or no memory. The caller gives the result
 * to unpack_free. */
ProtobufCMessage *unpack(const ProtobufCMessageDescriptor *type, struct slice wire);
void unpack_free(ProtobufCMessage *message); /* NULL is fine */

/* The detail of this name ("google.rpc.RetryInfo") in a packed google.rpc.Status, or NULL
 * when there is none. type: how it is unpacked, which may be a message of ours with the
 * same fields. */
ProtobufCMessage *unpack_detail(const ProtobufCMessageDescriptor *type, const char *name,
                                struct slice details);

#endif
