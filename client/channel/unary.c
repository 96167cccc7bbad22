#include "client/channel/internal.h"

#include <stdlib.h>

#include "client/channel/sentence.h"
#include "client/channel/unpack.h"

/* What one unary call gathers until it has closed. */
struct unary_run {
    const ProtobufCMessageDescriptor *type;
    ProtobufCMessage *reply; /* owned */
    unsigned messages;
    bool closed;
    int grpc_code;
    struct sg_error why;
    uint8_t *details; /* owned */
    size_t details_len;
};

static void on_message(void *context, struct slice message)
{
    struct unary_run *run = (struct unary_run *)context;

    run->messages++;
    if (run->messages == 1) {
        run->reply = unpack(run->type, message);
    }
}

static void keep_details(struct unary_run *run, struct slice details)
{
    if (details.len == 0) {
        return;
    }
    run->details = (uint8_t *)malloc(details.len);
    if (run->details != NULL) {
        memcpy(run->details, details.data, details.len);
        run->details_len = details.len;
    }
}

static void on_close(void *context, const struct call_status *status)
{
    struct unary_run *run = (struct unary_run *)context;

    run->closed = true;
    run->grpc_code = status->grpc_code;
    sentence(&run->why, "%s", status->text);
    keep_details(run, status->details);
}

/* The first row with this gRPC code stands for all of them: 14 came from the other side,
 * so it is no fault of a file or socket here. */
enum sg_status channel_status_of(int grpc_code)
{
    if (grpc_code < 0) {
        return SG_IO;
    }
    for (int status = 0; status < SG_STATUS_COUNT; status++) {
        if (sg_status_grpc((enum sg_status)status) == grpc_code) {
            return (enum sg_status)status;
        }
    }
    return SG_INTERNAL;
}

bool channel_lost(enum sg_status status)
{
    return status == SG_IO || sg_status_grpc(status) == sg_status_grpc(SG_IO);
}

static void await_end(struct channel *channel, struct channel_call *call,
                      const struct unary_run *run, struct sg_error *why)
{
    while (!run->closed) {
        enum sg_status turned = channel_turn(channel, channel_look_ms(channel, -1), why);
        MUST(run->closed || turned != SG_IO);
        if (!run->closed && channel_given_up(channel)) {
            channel_cancel(call);
        }
    }
}

static enum sg_status start(struct channel *channel, const struct unary *unary,
                            struct unary_run *run, struct sg_error *why)
{
    struct call_events events = {on_message, on_close, run};
    struct channel_call *call = NULL;

    if (channel_call(channel, unary->path, unary->timeout_ms, &events, &call) != SG_OK) {
        return sg_fail(why, SG_IO, "%s",
                       channel->reason.text[0] != '\0'
                           ? channel->reason.text
                           : "the connection takes no more calls: connect again");
    }
    enum sg_status status = channel_send(call, unary->request);
    if (status != SG_OK) {
        channel_cancel(call);
    }
    channel_half_close(call);
    await_end(channel, call, run, why);
    return status == SG_OK ? SG_OK : sg_fail(why, status, "%s", sg_status_text(status));
}

static enum sg_status outcome(struct unary_run *run, struct sg_error *why)
{
    if (run->grpc_code != 0) {
        enum sg_status status = channel_status_of(run->grpc_code);
        const char *text = run->why.text;
        return sg_fail(why, status, "%s",
                       text[0] != '\0' ? text : sg_status_text(status));
    }
    if (run->messages != 1 || run->reply == NULL) {
        return sg_fail(why, SG_INTERNAL,
                       "the gateway's answer is not of the kind that was asked for");
    }
    return SG_OK;
}

enum sg_status channel_unary(struct channel *channel, const struct unary *unary,
                             ProtobufCMessage **reply, struct slice *details,
                             struct sg_error *why)
{
    struct unary_run run = {.type = unary->reply_type, .grpc_code = -1};
    enum sg_status status = start(channel, unary, &run, why);

    if (status == SG_OK) {
        status = outcome(&run, why);
    }
    if (status == SG_OK) {
        *reply = run.reply;
        run.reply = NULL;
    }
    if (details != NULL) {
        *details = slice_of(run.details, run.details_len);
        run.details = NULL;
    }
    unpack_free(run.reply);
    free(run.details);
    return status;
}
