#include "client/commands/receipt/fetch.h"

#include <stdlib.h>

#include "client/channel/sentence.h"
#include "client/channel/unpack.h"
#include "segel/v1/log.pb-c.h"

enum { LOOK_MS = 250 /* how long to wait without a look at what gives up */ };

struct fetch;

/* A place for one call under way. */
struct berth {
    struct fetch *fetch;
    struct receipt_order order;
    struct channel_call *call; /* borrowed, while it is taken */
    ProtobufCMessage *reply;   /* owned */
    bool taken;
};

struct fetch {
    struct channel *channel;
    const struct receipt_orders *orders;
    const struct receipt_sink *sink;
    size_t under_way;
    bool over; /* no order is left, or none is to be sent any more */
    enum sg_status stopped;
    struct sg_error why; /* why no more are sent */
    struct berth berths[RECEIPTS_IN_FLIGHT];
};

static void give(struct fetch *fetch, const struct receipt_order *order,
                 enum sg_status status, const struct sg_error *why)
{
    fetch->sink->take(fetch->sink->context, order, slice_of("", 0), status, why);
}

static void on_message(void *context, struct slice message)
{
    struct berth *berth = (struct berth *)context;

    if (berth->reply == NULL) {
        berth->reply = unpack(&segel__v1__get_receipt_response__descriptor, message);
    }
}

static bool ends_all(enum sg_status status)
{
    return status == SG_TIMEOUT || status == SG_IO ||
           status == channel_status_of(sg_status_grpc(SG_IO));
}

static void on_close(void *context, const struct call_status *status)
{
    struct berth *berth = (struct berth *)context;
    struct fetch *fetch = berth->fetch;
    struct sg_error why;

    sentence(&why, "%s", status->text);
    enum sg_status found = channel_status_of(status->grpc_code);
    if (status->grpc_code == 0 && berth->reply == NULL) {
        found = SG_INTERNAL;
        sentence(&why, "the gateway's answer is not of the kind that was asked for");
    }
    fetch->under_way--;
    berth->taken = false;
    if (found == SG_OK) {
        const Segel__V1__GetReceiptResponse *reply =
            (const Segel__V1__GetReceiptResponse *)(const void *)berth->reply;
        fetch->sink->take(fetch->sink->context, &berth->order,
                          slice_of(reply->proof.data, reply->proof.len), SG_OK, &why);
    } else {
        give(fetch, &berth->order, found, &why);
    }
    if (ends_all(found) && fetch->stopped == SG_OK) {
        fetch->stopped = found;
        fetch->why = why;
    }
    unpack_free(berth->reply);
    berth->reply = NULL;
}

static enum sg_status send_order(struct fetch *fetch, struct berth *berth)
{
    const struct call_events events = {on_message, on_close, berth};
    Segel__V1__GetReceiptRequest request;

    segel__v1__get_receipt_request__init(&request);
    request.request_id = sg_unconst_text(berth->order.request_id);
    request.caller = sg_unconst_text(berth->order.caller);
    uint32_t patience_ms = fetch->orders->patience_ms != 0 ? fetch->orders->patience_ms
                                                           : RECEIPT_PATIENCE_MS;
    TRY(channel_call(fetch->channel, "/segel.v1.LogService/GetReceipt", patience_ms,
                     &events, &berth->call));
    berth->taken = true;
    fetch->under_way++;
    if (channel_send(berth->call, &request.base) != SG_OK) {
        channel_cancel(berth->call); /* on_close tells */
    }
    channel_half_close(berth->call);
    return SG_OK;
}

static struct berth *free_berth(struct fetch *fetch)
{
    for (size_t i = 0; i < RECEIPTS_IN_FLIGHT; i++) {
        if (!fetch->berths[i].taken) {
            return &fetch->berths[i];
        }
    }
    return NULL;
}

/* Sends what there is room for. */
static void send_more(struct fetch *fetch)
{
    struct berth *berth;

    while (!fetch->over && fetch->stopped == SG_OK &&
           (berth = free_berth(fetch)) != NULL) {
        fetch->over = !fetch->orders->next(fetch->orders->context, &berth->order);
        if (!fetch->over && send_order(fetch, berth) != SG_OK) {
            fetch->stopped = SG_IO;
            sentence(&fetch->why, "the connection to the gateway is lost");
            give(fetch, &berth->order, SG_IO, &fetch->why);
        }
    }
}

/* Each call that is given up tells by its end. */
static void heed(struct fetch *fetch)
{
    const atomic_bool *given_up = fetch->orders->given_up;

    if (given_up == NULL || !atomic_load(given_up) || fetch->stopped != SG_OK) {
        return;
    }
    fetch->stopped = SG_CANCELLED;
    sentence(&fetch->why, "stopped");
    for (size_t i = 0; i < RECEIPTS_IN_FLIGHT; i++) {
        if (fetch->berths[i].taken) {
            channel_cancel(fetch->berths[i].call);
        }
    }
}

/* The orders that were never sent. */
static void refuse_rest(struct fetch *fetch)
{
    struct receipt_order order;

    while (!fetch->over) {
        fetch->over = !fetch->orders->next(fetch->orders->context, &order);
        if (!fetch->over) {
            give(fetch, &order, fetch->stopped, &fetch->why);
        }
    }
}

enum sg_status receipts_fetch(struct channel *channel,
                              const struct receipt_orders *orders,
                              const struct receipt_sink *sink)
{
    struct fetch *fetch = (struct fetch *)calloc(1, sizeof(*fetch));
    struct sg_error ignored;

    if (fetch == NULL) {
        return SG_NO_MEMORY;
    }
    fetch->channel = channel;
    fetch->orders = orders;
    fetch->sink = sink;
    for (size_t i = 0; i < RECEIPTS_IN_FLIGHT; i++) {
        fetch->berths[i].fetch = fetch;
    }
    send_more(fetch);
    while (fetch->under_way > 0) {
        /* SG_IO has closed all calls. */
        enum sg_status turned =
            channel_turn(channel, orders->given_up == NULL ? -1 : LOOK_MS, &ignored);
        MUST(fetch->under_way == 0 || turned != SG_IO);
        heed(fetch);
        send_more(fetch);
    }
    refuse_rest(fetch);
    enum sg_status status = fetch->stopped;
    free(fetch);
    return status;
}
