#include "tests/fuzz/support/echo.h"

#include <stdlib.h>
#include <sys/queue.h>

#include "gateway/service/inside.h"
#include "segel/v1/errors.pb-c.h"

enum { REQUEST_MAX = 65536, REPEAT_MAX = 999, ROOM = 16384 };

static const char *const wanted[] = {"x-a", "x-b-bin", NULL};

/* One call, as the service knows it. */
struct echoed {
    LIST_ENTRY(echoed) link;
    struct grpc_call *call;
    bool paused;
    bool half_closed;
    unsigned long left; /* still to be sent */
    uint8_t *value;     /* owned */
    size_t len;
};
static LIST_HEAD(, echoed) open_calls = LIST_HEAD_INITIALIZER(open_calls);

size_t echo_open_calls(void)
{
    struct echoed *echoed;
    size_t count = 0;

    LIST_FOREACH(echoed, &open_calls, link)
    {
        count++;
    }
    return count;
}

static struct echoed *state_of(const struct grpc_call *call)
{
    struct echoed *echoed = (struct echoed *)grpc_call_state(call);

    MUST(echoed != NULL && echoed->call == call);
    return echoed;
}

static void finish(struct grpc_call *call)
{
    grpc_finish(call, SG_OK, NULL, slice_of(NULL, 0));
}

/* Metadata that came goes back, as far as it may; it must be what gRPC allows. */
static void return_metadata(struct grpc_call *call)
{
    for (const char *const *name = wanted; *name != NULL; name++) {
        struct slice value;
        for (size_t at = 0; (value = grpc_metadata(call, *name, at)).data != NULL; at++) {
            enum sg_status header = grpc_add_header(call, *name, value);
            enum sg_status trailer = grpc_add_trailer(call, *name, value);
            MUST(header != SG_INVALID && trailer != SG_INVALID);
        }
    }
}

static void on_open(struct grpc_call *call, void *context)
{
    struct echoed *echoed = (struct echoed *)calloc(1, sizeof(*echoed));

    (void)context;
    MUST(echoed != NULL && grpc_call_state(call) == NULL);
    echoed->call = call;
    LIST_INSERT_HEAD(&open_calls, echoed, link);
    grpc_call_set_state(call, echoed);
    return_metadata(call);
}

static void on_close(struct grpc_call *call, void *context)
{
    struct echoed *echoed = state_of(call);

    (void)context;
    LIST_REMOVE(echoed, link);
    grpc_call_set_state(call, NULL);
    free(echoed->value);
    free(echoed);
}

static void on_half_close(struct grpc_call *call, void *context)
{
    struct echoed *echoed = state_of(call);

    (void)context;
    MUST(!echoed->half_closed && !echoed->paused);
    echoed->half_closed = true;
    finish(call);
}

static void send_back(struct grpc_call *call, const ProtobufCMessage *message)
{
    enum sg_status status = grpc_send(call, message);

    MUST(status == SG_OK || status == SG_BUSY || status == SG_CANCELLED);
}

static void on_unary(struct grpc_call *call, const ProtobufCMessage *message,
                     void *context)
{
    (void)context;
    MUST(state_of(call)->left++ == 0); /* once a call */
    (void)grpc_compress(call, grpc_message_compressed(call));
    send_back(call, message);
    finish(call);
}

static void on_refuse(struct grpc_call *call, const ProtobufCMessage *message,
                      void *context)
{
    const Segel__V1__Detail *detail = (const Segel__V1__Detail *)(const void *)message;

    (void)context;
    grpc_finish(call, SG_DENIED, detail->type_url,
                slice_of(detail->value.data, detail->value.len));
}

static void keep(struct echoed *echoed, const Segel__V1__Detail *detail)
{
    free(echoed->value);
    echoed->len = detail->value.len;
    echoed->value = (uint8_t *)malloc(echoed->len + 1);
    MUST(echoed->value != NULL);
    if (echoed->len > 0) {
        memcpy(echoed->value, detail->value.data, echoed->len);
    }
}

static void send_kept(struct grpc_call *call)
{
    const struct echoed *echoed = state_of(call);
    Segel__V1__Detail detail;

    segel__v1__detail__init(&detail);
    detail.value.data = echoed->value;
    detail.value.len = echoed->len;
    send_back(call, &detail.base);
}

static void on_collect(struct grpc_call *call, const ProtobufCMessage *message,
                       void *context)
{
    (void)context;
    MUST(!state_of(call)->half_closed);
    keep(state_of(call), (const Segel__V1__Detail *)(const void *)message);
}

static void on_collected(struct grpc_call *call, void *context)
{
    send_kept(call);
    on_half_close(call, context);
}

static void go_on(struct grpc_call *call, void *context)
{
    struct echoed *echoed = state_of(call);

    (void)context;
    while (echoed->left > 0 && grpc_call_queued(call) < ROOM) {
        echoed->left--;
        send_kept(call);
    }
    if (echoed->left == 0) {
        finish(call);
    }
}

static void on_repeat(struct grpc_call *call, const ProtobufCMessage *message,
                      void *context)
{
    const Segel__V1__Detail *detail = (const Segel__V1__Detail *)(const void *)message;
    struct echoed *echoed = state_of(call);

    echoed->left = strtoul(detail->type_url, NULL, 10) % (REPEAT_MAX + 1);
    keep(echoed, detail);
    go_on(call, context);
}

static void on_chat(struct grpc_call *call, const ProtobufCMessage *message,
                    void *context)
{
    const Segel__V1__Detail *detail = (const Segel__V1__Detail *)(const void *)message;
    uint8_t first = detail->value.len > 0 ? detail->value.data[0] : 0;

    (void)context;
    MUST(!state_of(call)->paused && !state_of(call)->half_closed);
    if (first == 'h') {
        grpc_send_headers(call);
    } else if (first == 'z') {
        (void)grpc_compress(call, true);
    } else if (first == 'p') {
        state_of(call)->paused = true;
        grpc_pause(call);
    }
    send_back(call, message);
    if (first == 'e') {
        finish(call);
    }
}

void echo_resume(void)
{
    struct echoed *echoed;

    LIST_FOREACH(echoed, &open_calls, link)
    {
        if (echoed->paused) {
            echoed->paused = false;
            grpc_resume(echoed->call);
        }
    }
}

#define METHOD(path_, kind_, message_, half_close_, writable_)                           \
    {                                                                                    \
        .path = "/f.F/" path_, .kind = (kind_),                                          \
        .request = &segel__v1__detail__descriptor, .max_request = REQUEST_MAX,           \
        .max_elements = 16, .metadata = wanted, .on_open = on_open,                      \
        .on_message = (message_), .on_half_close = (half_close_), .on_close = on_close,  \
        .on_writable = (writable_)                                                       \
    }
enum { OWN_METHODS = 5 };
static struct grpc_method methods[OWN_METHODS + REFLECTION_METHODS] = {
    METHOD("U", GRPC_UNARY, on_unary, NULL, NULL),
    METHOD("R", GRPC_UNARY, on_refuse, NULL, NULL),
    METHOD("C", GRPC_CLIENT_STREAM, on_collect, on_collected, NULL),
    METHOD("S", GRPC_SERVER_STREAM, on_repeat, NULL, go_on),
    METHOD("B", GRPC_BIDI, on_chat, on_half_close, NULL),
};

void echo_methods(const struct grpc_method **out, size_t *count)
{
    static struct reflection reflection;
    struct sg_error why = {0};
    const struct reflection_options options = {.descriptors = reflected_descriptors(),
                                               .methods = methods + OWN_METHODS,
                                               .method_count = REFLECTION_METHODS,
                                               .loops = 1};

    if (reflection.loops == NULL) {
        reflection_methods(&reflection, methods + OWN_METHODS);
        MUST(reflection_init(&reflection, &options, &why) == SG_OK);
    }
    *out = methods;
    *count = SG_COUNT(methods);
}
