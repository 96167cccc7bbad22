#ifndef SEGEL_GATEWAY_TRANSPORT_REFLECTION_ANSWER_H
#define SEGEL_GATEWAY_TRANSPORT_REFLECTION_ANSWER_H

#include "gateway/transport/reflection.h"
#include "grpc/reflection/v1/reflection.pb-c.h"

/* Inside of reflection.c: what is said to a question. No call, no allocation. */

enum { REFLECTION_NUMBERS_MAX = 1024 };

/* One question and the room for its answer. */
struct reflection_turn {
    const struct reflection *reflection;
    uint64_t *sent; /* files that the stream has had: a bit each */
    const Grpc__Reflection__V1__ServerReflectionRequest *request;
    Grpc__Reflection__V1__ServerReflectionResponse response;
    union {
        Grpc__Reflection__V1__FileDescriptorResponse files;
        Grpc__Reflection__V1__ExtensionNumberResponse numbers;
        Grpc__Reflection__V1__ListServiceResponse services;
        Grpc__Reflection__V1__ErrorResponse error;
    } part;
    union {
        ProtobufCBinaryData files[DESCRIPTOR_FILES_MAX];
        int32_t numbers[REFLECTION_NUMBERS_MAX];
        struct {
            Grpc__Reflection__V1__ServiceResponse rows[REFLECTION_SERVICES_MAX];
            Grpc__Reflection__V1__ServiceResponse *list[REFLECTION_SERVICES_MAX];
        } services;
    } room;
};

/* reflection, sent and request are set; fills response, which points into the turn, the
 * request and the descriptors. */
void reflection_answer(struct reflection_turn *turn);

#endif
