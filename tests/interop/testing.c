#include "tests/interop/testing.h"

#include <stdlib.h>
#include <string.h>

#include "grpc/health/v1/health.pb-c.h"
#include "grpc/testing/empty.pb-c.h"
#include "grpc/testing/messages.pb-c.h"

#define ECHO_HEADER  "x-grpc-test-echo-initial"
#define ECHO_TRAILER "x-grpc-test-echo-trailing-bin"

static void finish(struct grpc_call *call, enum sg_status status, const char *text)
{
    grpc_finish(call, status, text, slice_of(NULL, 0));
}

/* --- What all methods do --------------------------------------------------------------
 */

static void echo_metadata(struct grpc_call *call)
{
    struct slice header = grpc_metadata(call, ECHO_HEADER, 0);
    struct slice trailer = grpc_metadata(call, ECHO_TRAILER, 0);
    enum sg_status status = SG_OK;

    if (header.data != NULL) {
        status = grpc_add_header(call, ECHO_HEADER, header);
    }
    if (status == SG_OK && trailer.data != NULL) {
        status = grpc_add_trailer(call, ECHO_TRAILER, trailer);
    }
    if (status != SG_OK) {
        finish(call, status, NULL);
    }
}

static struct answers *open_answers(struct grpc_call *call, struct testing *testing)
{
    return answers_open(&testing->loops[grpc_call_name(call).loop], call);
}

static void on_open_unary(struct grpc_call *call, void *context)
{
    (void)context;
    echo_metadata(call);
}

static void on_open_stream(struct grpc_call *call, void *context)
{
    echo_metadata(call);
    (void)open_answers(call, (struct testing *)context);
}

static void on_open_half(struct grpc_call *call, void *context)
{
    echo_metadata(call);
    struct answers *answers = open_answers(call, (struct testing *)context);
    if (answers != NULL) {
        answers->held = true;
    }
}

static void on_close_stream(struct grpc_call *call, void *context)
{
    (void)context;
    answers_close(call);
}

/* Ends the call as the caller wishes. False: it wishes nothing. */
static bool echo_status(struct grpc_call *call, const Grpc__Testing__EchoStatus *wanted)
{
    if (wanted == NULL || wanted->code == 0) {
        return false;
    }
    for (int status = 0; status < SG_STATUS_COUNT; status++) {
        if (sg_status_grpc((enum sg_status)status) == wanted->code) {
            finish(call, (enum sg_status)status, wanted->message);
            return true;
        }
    }
    finish(call, SG_INVALID, "this service cannot answer with that status");
    return true;
}

/* Whether the message came compressed or not, as its sender says. */
static bool as_expected(struct grpc_call *call, const Grpc__Testing__BoolValue *expected)
{
    if (expected == NULL || (expected->value != 0) == grpc_message_compressed(call)) {
        return true;
    }
    finish(call, SG_INVALID,
           expected->value ? "the message was to come compressed, and did not"
                           : "the message came compressed, and was not to");
    return false;
}

static bool size_served(struct grpc_call *call, int32_t size)
{
    if (size >= 0 && size <= ANSWER_MAX) {
        return true;
    }
    finish(call, SG_INVALID, "a payload has 0 to 8388608 bytes");
    return false;
}

/* --- One answer -----------------------------------------------------------------------
 */

static void on_empty(struct grpc_call *call, const ProtobufCMessage *message,
                     void *context)
{
    Grpc__Testing__Empty answer;

    (void)message;
    (void)context;
    grpc__testing__empty__init(&answer);
    if (grpc_send(call, &answer.base) == SG_OK) {
        finish(call, SG_OK, NULL);
    }
}

static enum sg_status send_simple(struct grpc_call *call, uint32_t size)
{
    struct slice body = answers_zeros(size);
    union { /* as in answers.c */
        const uint8_t *in;
        uint8_t *out;
    } data = {.in = body.data};
    Grpc__Testing__Payload payload;
    Grpc__Testing__SimpleResponse response;

    grpc__testing__payload__init(&payload);
    grpc__testing__simple_response__init(&response);
    payload.body.data = data.out;
    payload.body.len = body.len;
    response.payload = &payload;
    return grpc_send(call, &response.base);
}

static void on_unary(struct grpc_call *call, const ProtobufCMessage *message,
                     void *context)
{
    const Grpc__Testing__SimpleRequest *request =
        (const Grpc__Testing__SimpleRequest *)(const void *)message;

    (void)context;
    if (!as_expected(call, request->expect_compressed) ||
        echo_status(call, request->response_status) ||
        !size_served(call, request->response_size)) {
        return;
    }
    if (request->response_compressed != NULL) {
        (void)grpc_compress(call, request->response_compressed->value != 0);
    }
    if (send_simple(call, (uint32_t)request->response_size) == SG_OK) {
        finish(call, SG_OK, NULL);
    }
}

static void on_upload(struct grpc_call *call, const ProtobufCMessage *message,
                      void *context)
{
    const Grpc__Testing__StreamingInputCallRequest *request =
        (const Grpc__Testing__StreamingInputCallRequest *)(const void *)message;
    struct answers *answers = (struct answers *)grpc_call_state(call);

    (void)context;
    if (as_expected(call, request->expect_compressed) && request->payload != NULL) {
        answers->received += request->payload->body.len;
    }
}

static void on_uploaded(struct grpc_call *call, void *context)
{
    const struct answers *answers = (const struct answers *)grpc_call_state(call);
    Grpc__Testing__StreamingInputCallResponse response;

    (void)context;
    grpc__testing__streaming_input_call_response__init(&response);
    response.aggregated_payload_size = (int32_t)(answers->received & INT32_MAX);
    if (grpc_send(call, &response.base) == SG_OK) {
        finish(call, SG_OK, NULL);
    }
}

/* --- Many answers ---------------------------------------------------------------------
 */

static bool add_answer(struct answers *answers,
                       const Grpc__Testing__ResponseParameters *wanted)
{
    const struct answer answer = {
        .size = (uint32_t)wanted->size,
        .interval_us = wanted->interval_us < 0 ? 0 : (uint32_t)wanted->interval_us,
        .compressed = wanted->compressed != NULL && wanted->compressed->value};

    if (!size_served(answers->call, wanted->size)) {
        return false;
    }
    if (answer.compressed) {
        /* Said before the headers go: the first answer may be a plain one. */
        (void)grpc_compress(answers->call, true);
    }
    if (answers_add(answers, &answer) != SG_OK) {
        finish(answers->call, SG_TOO_LARGE, "the call asks for too many answers");
        return false;
    }
    return true;
}

static bool add_answers(struct grpc_call *call, const ProtobufCMessage *message)
{
    const Grpc__Testing__StreamingOutputCallRequest *request =
        (const Grpc__Testing__StreamingOutputCallRequest *)(const void *)message;
    struct answers *answers = (struct answers *)grpc_call_state(call);

    if (answers == NULL || echo_status(call, request->response_status)) {
        return false;
    }
    for (size_t i = 0; i < request->n_response_parameters; i++) {
        if (!add_answer(answers, request->response_parameters[i])) {
            return false;
        }
    }
    return true;
}

static void on_download(struct grpc_call *call, const ProtobufCMessage *message,
                        void *context)
{
    (void)context;
    if (add_answers(call, message)) {
        struct answers *answers = (struct answers *)grpc_call_state(call);
        answers->last = true;
        answers_pump(answers);
    }
}

static void on_duplex(struct grpc_call *call, const ProtobufCMessage *message,
                      void *context)
{
    (void)context;
    if (add_answers(call, message)) {
        answers_pump((struct answers *)grpc_call_state(call));
    }
}

static void on_half_close(struct grpc_call *call, void *context)
{
    struct answers *answers = (struct answers *)grpc_call_state(call);

    (void)context;
    if (answers != NULL) {
        answers->held = false;
        answers->last = true;
        answers_pump(answers);
    }
}

static void on_writable(struct grpc_call *call, void *context)
{
    struct answers *answers = (struct answers *)grpc_call_state(call);

    (void)context;
    if (answers != NULL) {
        answers_pump(answers);
    }
}

/* --- Health ---------------------------------------------------------------------------
 */

static enum sg_status send_health(struct grpc_call *call, const char *service)
{
    Grpc__Health__V1__HealthCheckResponse response;
    bool known = service[0] == '\0' || strcmp(service, "grpc.testing.TestService") == 0;

    grpc__health__v1__health_check_response__init(&response);
    response.status =
        known ? GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING
              : GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVICE_UNKNOWN;
    return grpc_send(call, &response.base);
}

static void on_check(struct grpc_call *call, const ProtobufCMessage *message,
                     void *context)
{
    const Grpc__Health__V1__HealthCheckRequest *request =
        (const Grpc__Health__V1__HealthCheckRequest *)(const void *)message;

    (void)context;
    if (request->service[0] != '\0' &&
        strcmp(request->service, "grpc.testing.TestService") != 0) {
        finish(call, SG_NOT_FOUND, NULL);
    } else if (send_health(call, request->service) == SG_OK) {
        finish(call, SG_OK, NULL);
    }
}

/* The state never changes, so the watcher hears of it once. */
static void on_watch(struct grpc_call *call, const ProtobufCMessage *message,
                     void *context)
{
    const Grpc__Health__V1__HealthCheckRequest *request =
        (const Grpc__Health__V1__HealthCheckRequest *)(const void *)message;

    (void)context;
    if (send_health(call, request->service) != SG_OK) {
        finish(call, SG_INTERNAL, NULL);
    }
}

/* --- The table ------------------------------------------------------------------------
 */

static const char *const echoed[] = {ECHO_HEADER, ECHO_TRAILER, NULL};

#define CALL(path_, kind_, request_, open_, message_, half_close_, close_, writable_)    \
    {                                                                                    \
        .path = "/grpc." path_, .kind = (kind_), .request = &request_##__descriptor,     \
        .max_request = TESTING_MESSAGE_MAX, .max_elements = 4 * ANSWERS_MAX,             \
        .metadata = echoed, .on_open = (open_), .on_message = (message_),                \
        .on_half_close = (half_close_), .on_close = (close_), .on_writable = (writable_) \
    }
#define UNARY(path, request, message)                                                    \
    CALL(path, GRPC_UNARY, request, on_open_unary, message, NULL, NULL, NULL)
#define SERVICE "testing.TestService/"

static const struct grpc_method own[] = {
    UNARY(SERVICE "EmptyCall", grpc__testing__empty, on_empty),
    UNARY(SERVICE "UnaryCall", grpc__testing__simple_request, on_unary),
    UNARY(SERVICE "CacheableUnaryCall", grpc__testing__simple_request, on_unary),
    CALL(SERVICE "StreamingInputCall", GRPC_CLIENT_STREAM,
         grpc__testing__streaming_input_call_request, on_open_stream, on_upload,
         on_uploaded, on_close_stream, NULL),
    CALL(SERVICE "StreamingOutputCall", GRPC_SERVER_STREAM,
         grpc__testing__streaming_output_call_request, on_open_stream, on_download, NULL,
         on_close_stream, on_writable),
    CALL(SERVICE "FullDuplexCall", GRPC_BIDI,
         grpc__testing__streaming_output_call_request, on_open_stream, on_duplex,
         on_half_close, on_close_stream, on_writable),
    CALL(SERVICE "HalfDuplexCall", GRPC_BIDI,
         grpc__testing__streaming_output_call_request, on_open_half, on_duplex,
         on_half_close, on_close_stream, on_writable),
    UNARY("health.v1.Health/Check", grpc__health__v1__health_check_request, on_check),
    CALL("health.v1.Health/Watch", GRPC_SERVER_STREAM,
         grpc__health__v1__health_check_request, NULL, on_watch, NULL, NULL, NULL),
};

void testing_init(struct testing *testing)
{
    for (size_t i = 0; i < TESTING_LOOPS_MAX; i++) {
        LIST_INIT(&testing->loops[i]);
    }
}

struct grpc_method *testing_methods(struct testing *testing, size_t *count)
{
    static struct grpc_method methods[SG_COUNT(own) + REFLECTION_METHODS];

    memcpy(methods, own, sizeof(own));
    for (size_t i = 0; i < SG_COUNT(own); i++) {
        methods[i].context = testing;
    }
    *count = SG_COUNT(own);
    return methods;
}
