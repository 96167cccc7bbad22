#include "client/call/log_stream.h"

#include "client/channel/sentence.h"
#include "client/channel/unpack.h"

struct stream {
    const struct log_visitor *visitor;
    struct channel_call *call;
    struct sg_error *why;
    enum sg_status status;
    bool enough; /* the visitor wants no more */
    bool closed;
};

static void on_message(void *context, struct slice message)
{
    struct stream *stream = (struct stream *)context;
    ProtobufCMessage *any =
        unpack(&segel__v1__list_records_response__descriptor, message);

    if (any == NULL) {
        stream->status = SG_INTERNAL;
        sentence(stream->why, "the gateway's records cannot be read as messages");
        channel_cancel(stream->call);
        return;
    }
    const Segel__V1__ListRecordsResponse *page =
        (const Segel__V1__ListRecordsResponse *)(const void *)any;
    for (size_t i = 0; i < page->n_records && !stream->enough; i++) {
        const Segel__V1__Record *record = page->records[i];
        stream->enough =
            !stream->visitor->visit(stream->visitor->context, record->index,
                                    slice_of(record->json.data, record->json.len));
    }
    unpack_free(any);
    if (stream->enough) {
        channel_cancel(stream->call);
    }
}

static void on_close(void *context, const struct call_status *status)
{
    struct stream *stream = (struct stream *)context;

    stream->closed = true;
    if (status->grpc_code != 0 && !stream->enough && stream->status == SG_OK) {
        stream->status = channel_status_of(status->grpc_code);
        sentence(stream->why, "%s", status->text);
    }
}

enum sg_status log_stream(struct channel *channel,
                          const Segel__V1__ListRecordsRequest *request,
                          const struct log_visitor *visitor, struct sg_error *why)
{
    struct stream stream = {.visitor = visitor, .why = why};
    struct call_events events = {on_message, on_close, &stream};

    if (channel_call(channel, "/segel.v1.LogService/ListRecords", 0, &events,
                     &stream.call) != SG_OK ||
        channel_send(stream.call, &request->base) != SG_OK) {
        return sg_fail(why, SG_IO, "the connection takes no more calls: connect again");
    }
    channel_half_close(stream.call);
    while (!stream.closed) {
        struct sg_error ignored;
        enum sg_status turned = channel_turn(channel, -1, &ignored);
        MUST(stream.closed || turned != SG_IO);
    }
    return stream.status;
}
