#include "gateway/transport/reflection.h"

#include <stdio.h>
#include <stdlib.h>

#include "gateway/transport/reflection_answer.h"

enum { REQUEST_MAX = 4096 };

/* One call. */
struct reflection_stream {
    LIST_ENTRY(reflection_stream) link;
    struct grpc_call *call; /* borrowed until its on_close */
    uint64_t sent;          /* files that it has had: a bit each */
};

/* --- Calls ----------------------------------------------------------------------- */

static void finish(struct grpc_call *call, enum sg_status status)
{
    grpc_finish(call, status, NULL, slice_of(NULL, 0));
}

static void on_open(struct grpc_call *call, void *context)
{
    struct reflection *reflection = (struct reflection *)context;
    struct reflection_loop *loop = &reflection->loops[grpc_call_name(call).loop];
    struct reflection_stream *stream = NULL;

    if (loop->draining) {
        finish(call, SG_SHUTDOWN);
        return;
    }
    stream = (struct reflection_stream *)calloc(1, sizeof(*stream));
    if (stream == NULL) {
        finish(call, SG_NO_MEMORY);
        return;
    }
    stream->call = call;
    LIST_INSERT_HEAD(&loop->streams, stream, link);
    grpc_call_set_state(call, stream);
}

/* One answer at a time: the next question is read when this answer is on its way, so a
 * stream of questions takes turns with the other calls and piles nothing up. */
static void on_message(struct grpc_call *call, const ProtobufCMessage *message,
                       void *context)
{
    struct reflection_turn turn;
    struct reflection_stream *stream = (struct reflection_stream *)grpc_call_state(call);

    turn.reflection = (const struct reflection *)context;
    turn.sent = &stream->sent;
    turn.request =
        (const Grpc__Reflection__V1__ServerReflectionRequest *)(const void *)message;
    reflection_answer(&turn);
    if (grpc_send(call, &turn.response.base) == SG_OK) {
        grpc_pause(call);
    }
}

static void on_writable(struct grpc_call *call, void *context)
{
    (void)context;
    grpc_resume(call);
}

static void on_half_close(struct grpc_call *call, void *context)
{
    (void)context;
    finish(call, SG_OK);
}

static void on_close(struct grpc_call *call, void *context)
{
    struct reflection_stream *stream = (struct reflection_stream *)grpc_call_state(call);

    (void)context;
    if (stream != NULL) {
        LIST_REMOVE(stream, link);
        free(stream);
    }
}

void reflection_drain(struct reflection *reflection, unsigned loop)
{
    struct reflection_stream *stream;

    if (loop >= reflection->loop_count) {
        return; /* it is switched off */
    }
    reflection->loops[loop].draining = true;
    LIST_FOREACH(stream, &reflection->loops[loop].streams, link)
    {
        finish(stream->call, SG_SHUTDOWN);
    }
}

/* --- Making ---------------------------------------------------------------------- */

void reflection_methods(struct reflection *reflection,
                        struct grpc_method rows[REFLECTION_METHODS])
{
    static const char *const paths[REFLECTION_METHODS] = {
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"};

    for (size_t i = 0; i < REFLECTION_METHODS; i++) {
        rows[i] = (struct grpc_method){
            .path = paths[i],
            .kind = GRPC_BIDI,
            .request = &grpc__reflection__v1__server_reflection_request__descriptor,
            .max_request = REQUEST_MAX,
            .max_elements = 16,
            .context = reflection,
            .on_open = on_open,
            .on_message = on_message,
            .on_half_close = on_half_close,
            .on_close = on_close,
            .on_writable = on_writable};
    }
}

/* "/a.b.Service/Method" as "a.b.Service.Method", and how long the service's name is. */
static bool symbol_of(const char *path, char out[REFLECTION_NAME_SIZE], size_t *service)
{
    const char *slash = path[0] == '/' ? strchr(path + 1, '/') : NULL;

    if (slash == NULL) {
        return false;
    }
    int len = snprintf(out, REFLECTION_NAME_SIZE, "%s", path + 1);
    *service = (size_t)(slash - path) - 1;
    if (len <= 0 || len >= REFLECTION_NAME_SIZE) {
        return false;
    }
    out[*service] = '.';
    return true;
}

static enum sg_status insert_service(struct reflection *reflection, const char *name,
                                     struct sg_error *why)
{
    size_t at = 0;
    int order = -1;

    while (at < reflection->service_count &&
           (order = strcmp(reflection->services[at], name)) < 0) {
        at++;
    }
    if (at < reflection->service_count && order == 0) {
        return SG_OK;
    }
    if (reflection->service_count >= REFLECTION_SERVICES_MAX) {
        return sg_fail(why, SG_TOO_LARGE, "reflection can list %d services at most",
                       REFLECTION_SERVICES_MAX);
    }
    memmove(reflection->services[at + 1], reflection->services[at],
            (reflection->service_count - at) * REFLECTION_NAME_SIZE);
    memcpy(reflection->services[at], name, strlen(name) + 1);
    reflection->service_count++;
    return SG_OK;
}

/* A client that was made from the descriptors has to fit what is served. */
static bool declared(const struct reflection *reflection, const char *symbol,
                     enum grpc_kind kind)
{
    bool takes = kind == GRPC_CLIENT_STREAM || kind == GRPC_BIDI;
    bool gives = kind == GRPC_SERVER_STREAM || kind == GRPC_BIDI;
    struct descriptor_place place;

    return descriptors_symbol(&reflection->set, slice_str(symbol), &place) == SG_OK &&
           place.kind == DESCRIPTOR_METHOD && place.takes_stream == takes &&
           place.gives_stream == gives;
}

static enum sg_status list_method(struct reflection *reflection,
                                  const struct grpc_method *method, struct sg_error *why)
{
    char symbol[REFLECTION_NAME_SIZE];
    size_t service = 0;

    if (!symbol_of(method->path, symbol, &service) ||
        !declared(reflection, symbol, method->kind)) {
        return sg_fail(why, SG_INVALID,
                       "%s is served, but its descriptors do not declare it, or with "
                       "other streams; build them from the .proto files of what is "
                       "served",
                       method->path);
    }
    symbol[service] = '\0';
    return insert_service(reflection, symbol, why);
}

static enum sg_status make_loops(struct reflection *reflection, unsigned count)
{
    reflection->loops =
        (struct reflection_loop *)calloc(count, sizeof(*reflection->loops));
    if (reflection->loops == NULL) {
        return SG_NO_MEMORY;
    }
    reflection->loop_count = count;
    for (unsigned i = 0; i < count; i++) {
        LIST_INIT(&reflection->loops[i].streams);
    }
    return SG_OK;
}

enum sg_status reflection_init(struct reflection *reflection,
                               const struct reflection_options *options,
                               struct sg_error *why)
{
    *reflection = (struct reflection){0};
    TRY(descriptors_read(&reflection->set, options->descriptors, why));
    for (size_t i = 0; i < options->method_count; i++) {
        TRY(list_method(reflection, &options->methods[i], why));
    }
    return make_loops(reflection, options->loops) == SG_OK
               ? SG_OK
               : sg_fail(why, SG_NO_MEMORY, "there is no memory for reflection");
}

void reflection_fini(struct reflection *reflection)
{
    free(reflection->loops);
    reflection->loops = NULL;
    reflection->loop_count = 0;
}
