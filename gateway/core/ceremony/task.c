#include "gateway/core/ceremony/task.h"

#include <stdio.h>

#include "proto/text.h"

static void *unpack(const ProtobufCMessageDescriptor *type,
                    const struct ledger_request *request, struct arena *arena)
{
    return protobuf_c_message_unpack(type, &arena->allocator, request->message.len,
                                     request->message.data);
}

Segel__V1__GenerateKeyRequest *task_generate(const struct ledger_request *request,
                                             struct arena *arena)
{
    return (Segel__V1__GenerateKeyRequest *)unpack(
        &segel__v1__generate_key_request__descriptor, request, arena);
}

Segel__V1__ImportCertificateRequest *task_import(const struct ledger_request *request,
                                                 struct arena *arena)
{
    return (Segel__V1__ImportCertificateRequest *)unpack(
        &segel__v1__import_certificate_request__descriptor, request, arena);
}

Segel__V1__DestroyKeyRequest *task_destroy(const struct ledger_request *request,
                                           struct arena *arena)
{
    return (Segel__V1__DestroyKeyRequest *)unpack(
        &segel__v1__destroy_key_request__descriptor, request, arena);
}

bool task_day(int64_t unix_us, char out[9])
{
    char text[TEXT_TIME_SIZE];

    out[0] = '\0';
    if (unix_us == 0) {
        return true;
    }
    if (unix_us < 0 || unix_us >= TEXT_TIME_END_US) {
        return false;
    }
    text_time_s(unix_us, text);
    (void)snprintf(out, 9, "%.4s%.2s%.2s", text, text + 5, text + 8);
    return true;
}
