#include "client/channel/unpack.h"

#include "proto/preflight.h"
#include "segel/v1/errors.pb-c.h"

static const struct preflight_limits limits = {
    .max_depth = 8, .max_elements = 65536, .max_unknown = 4096};

ProtobufCMessage *unpack(const ProtobufCMessageDescriptor *type, struct slice wire)
{
    if (preflight(type, wire, &limits, NULL) != SG_OK) {
        return NULL;
    }
    return protobuf_c_message_unpack(type, NULL, wire.len, wire.data);
}

void unpack_free(ProtobufCMessage *message)
{
    if (message != NULL) {
        protobuf_c_message_free_unpacked(message, NULL);
    }
}

/* What stands after the last '/' of a type URL names the message. */
static bool names_type(const char *url, const char *name)
{
    const char *slash = strrchr(url, '/');

    return strcmp(slash == NULL ? url : slash + 1, name) == 0;
}

ProtobufCMessage *unpack_detail(const ProtobufCMessageDescriptor *type, const char *name,
                                struct slice details)
{
    ProtobufCMessage *any = unpack(&segel__v1__status__descriptor, details);
    ProtobufCMessage *found = NULL;

    if (any == NULL) {
        return NULL;
    }
    const Segel__V1__Status *status = (const Segel__V1__Status *)(const void *)any;
    for (size_t i = 0; i < status->n_details && found == NULL; i++) {
        const Segel__V1__Detail *detail = status->details[i];
        if (names_type(detail->type_url, name)) {
            found = unpack(type, slice_of(detail->value.data, detail->value.len));
        }
    }
    unpack_free(any);
    return found;
}
