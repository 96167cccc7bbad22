#include "tests/unit/transport/support/mirror.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "gateway/transport/call.h"
#include "segel/v1/errors.pb-c.h"
#include "tests/unit/transport/support/echo.h"

const char *const mirror_wanted[] = {"x-key",   "x-bin",       "x-other",
                                     "x-trail", "x-trail-bin", NULL};

atomic_bool mirror_waits;
struct pollfd mirror_watched[MIRROR_WATCHED];

typedef enum sg_status (*add_function)(struct grpc_call *call, const char *name,
                                       struct slice value);

static void return_all(struct grpc_call *call, const char *name)
{
    add_function add =
        strncmp(name, "x-trail", 7) == 0 ? grpc_add_trailer : grpc_add_header;
    struct slice value;

    for (size_t at = 0; (value = grpc_metadata(call, name, at)).data != NULL; at++) {
        MUST(add(call, name, value) == SG_OK);
    }
}

void mirror_open(struct grpc_call *call)
{
    for (const char *const *name = mirror_wanted; *name != NULL; name++) {
        return_all(call, *name);
    }
}

static void answer(struct grpc_call *call, const char *text)
{
    Segel__V1__Detail detail;
    char copy[64];

    segel__v1__detail__init(&detail);
    (void)snprintf(copy, sizeof(copy), "%s", text);
    detail.type_url = copy;
    MUST(grpc_send(call, &detail.base) == SG_OK);
}

static void headers(struct grpc_call *call, const ProtobufCMessage *message)
{
    (void)message;
    grpc_send_headers(call);
}

static void gzip(struct grpc_call *call, const ProtobufCMessage *message)
{
    (void)grpc_compress(call, true);
    MUST(grpc_send(call, message) == SG_OK);
}

static void plain(struct grpc_call *call, const ProtobufCMessage *message)
{
    (void)grpc_compress(call, false);
    MUST(grpc_send(call, message) == SG_OK);
}

static void flag(struct grpc_call *call, const ProtobufCMessage *message)
{
    (void)message;
    answer(call, grpc_message_compressed(call) ? "gzip" : "identity");
}

static void late(struct grpc_call *call, const ProtobufCMessage *message)
{
    (void)message;
    answer(call, sg_status_text(grpc_add_header(call, "x-late", slice_str("x"))));
}

static void flood(struct grpc_call *call, const ProtobufCMessage *message)
{
    char value[201] = "";
    char text[16];
    unsigned count = 0;

    (void)message;
    memset(value, 'v', 200);
    while (grpc_add_trailer(call, "y-flood", slice_str(value)) == SG_OK) {
        count++;
    }
    (void)snprintf(text, sizeof(text), "%u", count);
    answer(call, text);
}

static void held(struct grpc_call *call, const ProtobufCMessage *message)
{
    const struct conn *conn = call->conn;
    char text[64];

    (void)message;
    MUST(conn->loop->input.used >= conn->input.used);
    (void)snprintf(text, sizeof(text), "%zu %zu %u",
                   conn->loop->input.used - call->deframer_charged,
                   conn->loop->output.used, conn->call_count);
    answer(call, text);
}

static void fail(struct grpc_call *call, const ProtobufCMessage *message)
{
    (void)message;
    grpc_finish(call, SG_DENIED, NULL, slice_of(NULL, 0));
}

static void lie(struct grpc_call *call, const ProtobufCMessage *message)
{
    (void)message;
    grpc_finish(call, SG_DENIED, NULL, slice_str("\x08\x05"));
}

static void explain(struct grpc_call *call, const ProtobufCMessage *message)
{
    static const uint8_t details[5000] = {0x08, 0x07};

    (void)message;
    grpc_finish(call, SG_DENIED, NULL, slice_of(details, sizeof(details)));
}

static void nap(struct grpc_call *call, const ProtobufCMessage *message)
{
    const struct timespec time = {.tv_nsec = 30000000};

    (void)call;
    (void)message;
    (void)nanosleep(&time, NULL);
}

/* Bounded: a test that fails must not hang. */
static void wait(struct grpc_call *call, const ProtobufCMessage *message)
{
    const struct timespec time = {.tv_nsec = 1000000};

    (void)call;
    (void)message;
    atomic_store(&mirror_waits, true);
    for (unsigned i = 0; i < 5000 && atomic_load(&mirror_waits); i++) {
        (void)nanosleep(&time, NULL);
    }
}

static void watch(struct grpc_call *call, const ProtobufCMessage *message)
{
    char text[16];
    int ready = poll(mirror_watched, SG_COUNT(mirror_watched), 0);

    (void)message;
    (void)snprintf(text, sizeof(text), "%d", ready);
    answer(call, text);
}

static void count(struct grpc_call *call, const ProtobufCMessage *message)
{
    const struct echo *echo = (const struct echo *)call->method->context;
    char text[16];

    (void)message;
    (void)snprintf(text, sizeof(text), "%u", atomic_load(&echo->messages));
    answer(call, text);
}

struct command {
    const char *name;
    void (*act)(struct grpc_call *call, const ProtobufCMessage *message);
};

static const struct command commands[] = {
    {"headers", headers}, {"gzip", gzip},       {"plain", plain}, {"flag", flag},
    {"late", late},       {"flood", flood},     {"held", held},   {"fail", fail},
    {"lie", lie},         {"explain", explain}, {"nap", nap},     {"wait", wait},
    {"watch", watch},     {"count", count},
};

void mirror_message(struct grpc_call *call, const ProtobufCMessage *message)
{
    const Segel__V1__Detail *detail = (const Segel__V1__Detail *)message;

    for (size_t i = 0; i < SG_COUNT(commands); i++) {
        if (strcmp(commands[i].name, detail->type_url) == 0) {
            commands[i].act(call, message);
            return;
        }
    }
}
