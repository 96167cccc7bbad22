#include "tests/unit/transport/support/echo.h"

#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "gateway/clock.h"
#include "gateway/transport/call.h"
#include "segel/v1/errors.pb-c.h"
#include "tests/unit/transport/support/mirror.h"

/* Repeat: what is still to be sent. */
struct rest {
    unsigned long count;
    size_t len;
};

static void finish(struct grpc_call *call, enum sg_status status)
{
    grpc_finish(call, status, NULL, slice_of(NULL, 0));
}

static void on_open(struct grpc_call *call, void *context)
{
    struct echo *echo = (struct echo *)context;

    echo->last = grpc_call_name(call);
    atomic_store(&echo->age_left_us, call->conn->grows_old_us - clock_mono_us());
    atomic_fetch_add(&echo->opened, 1);
}

static void on_close(struct grpc_call *call, void *context)
{
    struct echo *echo = (struct echo *)context;

    free(grpc_call_state(call));
    atomic_fetch_add(&echo->closed, 1);
}

static void on_half_close(struct grpc_call *call, void *context)
{
    struct echo *echo = (struct echo *)context;

    atomic_fetch_add(&echo->half_closed, 1);
    finish(call, SG_OK);
}

static void on_unary(struct grpc_call *call, const ProtobufCMessage *message,
                     void *context)
{
    struct echo *echo = (struct echo *)context;

    atomic_fetch_add(&echo->messages, 1);
    if (grpc_send(call, message) == SG_OK) {
        finish(call, SG_OK);
    }
}

static void on_refuse(struct grpc_call *call, const ProtobufCMessage *message,
                      void *context)
{
    (void)message;
    (void)context;
    grpc_finish(call, SG_DENIED, "tidak sah ✓ %41 \n", slice_str("\x08\x07"));
}

static void on_hang(struct grpc_call *call, const ProtobufCMessage *message,
                    void *context)
{
    struct echo *echo = (struct echo *)context;

    (void)call;
    (void)message;
    atomic_fetch_add(&echo->messages, 1);
}

static void on_chat(struct grpc_call *call, const ProtobufCMessage *message,
                    void *context)
{
    struct echo *echo = (struct echo *)context;

    atomic_fetch_add(&echo->messages, 1);
    MUST(grpc_send(call, message) == SG_OK);
}

static void on_brake(struct grpc_call *call, const ProtobufCMessage *message,
                     void *context)
{
    struct echo *echo = (struct echo *)context;

    atomic_fetch_add(&echo->braked, 1);
    MUST(grpc_send(call, message) == SG_OK);
    grpc_pause(call);
}

static void on_collect(struct grpc_call *call, const ProtobufCMessage *message,
                       void *context)
{
    struct echo *echo = (struct echo *)context;
    unsigned *count = (unsigned *)grpc_call_state(call);

    (void)message;
    atomic_fetch_add(&echo->messages, 1);
    if (count == NULL) {
        count = (unsigned *)calloc(1, sizeof(*count));
        MUST(count != NULL);
        grpc_call_set_state(call, count);
    }
    (*count)++;
}

static void on_collected(struct grpc_call *call, void *context)
{
    Segel__V1__Detail answer;
    const unsigned *count = (const unsigned *)grpc_call_state(call);
    char text[16];

    (void)context;
    segel__v1__detail__init(&answer);
    (void)snprintf(text, sizeof(text), "%u", count == NULL ? 0 : *count);
    answer.type_url = text;
    if (grpc_send(call, &answer.base) == SG_OK) {
        finish(call, SG_OK);
    }
}

static bool send_one(struct grpc_call *call, size_t len)
{
    static uint8_t bytes[1 << 20];
    Segel__V1__Detail answer;

    segel__v1__detail__init(&answer);
    answer.value.data = bytes;
    answer.value.len = len;
    return grpc_send(call, &answer.base) == SG_OK;
}

static void go_on(struct grpc_call *call, void *context)
{
    struct rest *rest = (struct rest *)grpc_call_state(call);

    (void)context;
    while (rest->count > 0 && grpc_call_queued(call) < 65536) {
        rest->count--;
        if (!send_one(call, rest->len)) {
            return;
        }
    }
    if (rest->count == 0) {
        finish(call, SG_OK);
    }
}

static void on_repeat(struct grpc_call *call, const ProtobufCMessage *message,
                      void *context)
{
    const Segel__V1__Detail *detail = (const Segel__V1__Detail *)message;
    struct rest *rest = (struct rest *)calloc(1, sizeof(*rest));

    MUST(rest != NULL);
    rest->count = strtoul(detail->type_url, NULL, 10);
    rest->len = 1000;
    grpc_call_set_state(call, rest);
    go_on(call, context);
}

static void on_spill(struct grpc_call *call, const ProtobufCMessage *message,
                     void *context)
{
    const Segel__V1__Detail *detail = (const Segel__V1__Detail *)message;
    unsigned long count = strtoul(detail->type_url, NULL, 10);

    (void)context;
    while (count-- > 0) {
        if (!send_one(call, 1 << 20)) {
            return;
        }
    }
    finish(call, SG_OK);
}

static void on_mirror_open(struct grpc_call *call, void *context)
{
    on_open(call, context);
    mirror_open(call);
}

static void on_mirror(struct grpc_call *call, const ProtobufCMessage *message,
                      void *context)
{
    struct echo *echo = (struct echo *)context;

    atomic_fetch_add(&echo->messages, 1);
    mirror_message(call, message);
}

#define METHOD(path_, kind_, message_, half_close_, writable_)                           \
    {                                                                                    \
        .path = "/test.Echo/" path_, .kind = (kind_), .metadata = mirror_wanted,         \
        .request = &segel__v1__detail__descriptor, .max_request = ECHO_MAX_REQUEST,      \
        .max_elements = 100, .on_open = on_open, .on_message = (message_),               \
        .on_half_close = (half_close_), .on_close = on_close, .on_writable = (writable_) \
    }
static struct grpc_method methods[] = {
    METHOD("Unary", GRPC_UNARY, on_unary, NULL, NULL),
    METHOD("Refuse", GRPC_UNARY, on_refuse, NULL, NULL),
    METHOD("Hang", GRPC_UNARY, on_hang, NULL, NULL),
    METHOD("Repeat", GRPC_SERVER_STREAM, on_repeat, NULL, go_on),
    METHOD("Spill", GRPC_SERVER_STREAM, on_spill, NULL, NULL),
    METHOD("Collect", GRPC_CLIENT_STREAM, on_collect, on_collected, NULL),
    METHOD("Chat", GRPC_BIDI, on_chat, on_half_close, NULL),
    METHOD("Brake", GRPC_BIDI, on_brake, on_half_close, NULL),
    METHOD("Mirror", GRPC_BIDI, on_mirror, on_half_close, NULL),
    METHOD("Large", GRPC_UNARY, on_unary, NULL, NULL),
};

static void *identify(void *context, const struct peer *peer, struct sg_error *why)
{
    char name[64] = "";

    MUST(X509_NAME_get_text_by_NID(X509_get_subject_name(peer->certificate),
                                   NID_commonName, name, sizeof(name)) > 0);
    if (strcmp(name, "friend") == 0) {
        struct echo *echo = (struct echo *)context;
        atomic_fetch_add(&echo->known, 1);
        return &echo->faces[atomic_fetch_add(&echo->face, 1) % sizeof(echo->faces)];
    }
    return sg_fail(why, SG_UNAUTHENTICATED, "'%s' is no caller here", name) == SG_OK
               ? context
               : NULL;
}

static void release(void *caller)
{
    struct echo *echo = (struct echo *)methods[0].context;

    MUST(caller != NULL && atomic_fetch_sub(&echo->known, 1) > 0);
}

bool echo_faces_differ;

static const void *identity(const void *caller)
{
    MUST(caller != NULL);
    return echo_faces_differ ? caller : methods;
}

static void on_wake(void *context)
{
    struct echo *echo = (struct echo *)context;
    uint64_t wakes = 0;

    MUST(read(echo->wake_fd, &wakes, sizeof(wakes)) == (ssize_t)sizeof(wakes));
    struct grpc_call *call = server_call(echo->server, echo->last);
    if (call == NULL) {
        atomic_fetch_add(&echo->dropped, 1);
    } else {
        grpc_resume(call);
    }
}

void echo_start(struct echo *echo, const struct server_limits *limits)
{
    echo_start_loops(echo, limits, 1);
}

void echo_start_loops(struct echo *echo, const struct server_limits *limits,
                      unsigned loops)
{
    struct sg_error why = {0};
    *echo = (struct echo){.wake_fd = eventfd(0, EFD_CLOEXEC)};

    pki_make(&echo->pki);
    for (size_t i = 0; i < SG_COUNT(methods); i++) {
        methods[i].context = echo;
        if (strcmp(methods[i].path, "/test.Echo/Mirror") == 0) {
            methods[i].on_open = on_mirror_open;
        } else if (strcmp(methods[i].path, "/test.Echo/Large") == 0) {
            methods[i].max_request = ECHO_MAX_LARGE;
        }
    }
    static const struct server_listener listener = {.address = "127.0.0.1"};
    const struct server_options options = {
        .listeners = &listener,
        .listener_count = 1,
        .certificate = echo->pki.server,
        .private_key = echo->pki.server_key,
        .client_ca = echo->pki.ca,
        .loops = loops,
        .limits = limits == NULL ? SERVER_LIMITS_DEFAULT : *limits,
        .methods = methods,
        .method_count = SG_COUNT(methods),
        .identify = identify,
        .release = release,
        .identity = identity,
        .context = echo};
    if (server_new(&options, &echo->server, &why) != SG_OK) {
        (void)fprintf(stderr, "%s\n", why.text);
        abort();
    }
    server_watch(echo->server, 0, echo->wake_fd, on_wake, echo);
    MUST(server_start(echo->server, &why) == SG_OK);
}

void echo_stop(struct echo *echo)
{
    server_free(echo->server);
    MUST(atomic_load(&echo->known) == 0);
    (void)close(echo->wake_fd);
    pki_remove(&echo->pki);
}

void echo_wake(struct echo *echo)
{
    const uint64_t one = 1;

    MUST(write(echo->wake_fd, &one, sizeof(one)) == (ssize_t)sizeof(one));
}

void echo_connect_window(struct echo *echo, struct peer_link *link, uint32_t window)
{
    const struct peer_options options = {.port = server_port(echo->server, 0),
                                         .ca = echo->pki.ca,
                                         .cert = echo->pki.client,
                                         .key = echo->pki.client_key,
                                         .window = window,
                                         .no_window = window == 0};

    MUST(peer_open(link, &options));
}

void echo_connect(struct echo *echo, struct peer_link *link)
{
    echo_connect_window(echo, link, 16U << 20);
}

bool echo_serves(struct echo *echo)
{
    struct peer_link honest;

    echo_connect(echo, &honest);
    int code = echo_call(&honest, 1);
    peer_close(&honest);
    return code == 0;
}

struct slice echo_message(const char *type_url, size_t value_len, uint8_t *out,
                          size_t cap)
{
    Segel__V1__Detail detail;
    char text[64];
    uint8_t *value = (uint8_t *)calloc(1, value_len + 1);

    MUST(value != NULL);
    segel__v1__detail__init(&detail);
    (void)snprintf(text, sizeof(text), "%s", type_url);
    detail.type_url = text;
    detail.value.data = value;
    detail.value.len = value_len;
    MUST(segel__v1__detail__get_packed_size(&detail) <= cap);
    size_t len = segel__v1__detail__pack(&detail, out);
    free(value);
    return slice_of(out, len);
}

int echo_call(struct peer_link *link, uint32_t stream)
{
    uint8_t bytes[64];

    peer_headers(link, stream, "/test.Echo/Unary", NULL, false);
    peer_message(link, stream, echo_message("a", 8, bytes, sizeof(bytes)), true);
    return peer_wait(link, stream)->grpc;
}
