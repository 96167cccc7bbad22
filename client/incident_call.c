#include "client/incident_call.h"

#include <stdio.h>

enum { PATIENCE_MS = 30000, PATH_SIZE = 64 };

enum sg_status incident_call(const struct home *home, const struct incident_ask *ask,
                             ProtobufCMessage **reply, struct sg_error *why)
{
    AUTO(channel_end) struct channel *channel = NULL;
    char path[PATH_SIZE];

    (void)snprintf(path, sizeof(path), "/segel.v1.IncidentService/%s", ask->method);
    const struct unary unary = {.path = path,
                                .timeout_ms = PATIENCE_MS,
                                .request = ask->request,
                                .reply_type = ask->reply_type};
    TRY(home_connect(home, &channel, why));
    return channel_unary(channel, &unary, reply, NULL, why);
}
